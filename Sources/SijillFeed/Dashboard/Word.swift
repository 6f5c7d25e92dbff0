/// What the dashboard says in its own words, each in English and Arabic.
enum Word: String, CaseIterable, Sendable {
    // The frame.
    case skip, navigation, live, search, timeline, sources, language, theme, auto, light, dark, footnote, api,
        feed
    // Changes and figures.
    case articles, revisions, duplicates, rejects, changes, added, revised, duplicated, withdrawn, rejected,
        restored
    case log, tip, untitled, erased, erasedText, near, likely, contains, within, related, replacedURL,
        figuresDiffer
    case sameBytes, sameWords, major, reverted
    // Live.
    case arrivals, connecting, connected, reconnecting, catchingUp, stopped, rate, rateNote, inbox, inboxQuiet
    case waiting, inHand, oldest, paused, latency, latencyNote, searchLag, upToDate, behind, checkpoint, empty
    case emptyHint, pause, goOn, held, show, fiveMinutesAgo, inFiveMinutes, stuck, mirrorNote, everything,
        filterTypes, inboxUnknown, diverged
    // Search.
    case searchLabel, searchHint, find, source, publisher, languageOf, since, until, sort, newest, best, hits
    case hitsAtLeast, noHits, noHitsHint, next, searchStart, any, searchSyntax, filters, searching
    // An article.
    case byline, published, modified, site, address, section, tags, words, file, bytes, encoding, digest,
        delivered
    case firstSeen, deliveries, original, json, body, details, noText, id, removed, warnings, cluster,
        clusterNote
    case revision, revisionsNote, current, paragraphs, numbers, retitled, compare, compareWith, relations,
        noRelations
    case earlier, later, similarity, containment, canonical, description, authors, dateline, license, extra,
        cut
    case changeBelow, open
    // The diff.
    case asTable, note, diff, figuresOnlyEarlier, figuresOnlyLater, textCut, earlierText, laterText, onlyHere,
        onlyThere, figure, same, noDifference, diffTooLarge, backToArticle
    // The proof.
    case proof, proofNote, sequence, leaf, verify, verifying, verified, notVerified, treeSize, root, key,
        proofMore
    case stepLine, stepContent, stepLeaf, stepCheckpoint, stepSignature, stepInclusion, stepHistory
    case noCrypto, notCovered, keyNote, signatureUnknown
    // Sources.
    case deliveredPerDay, lastDelivery, quarantine, quarantineNote, quarantineEmpty, reason, retry, retried,
        since2
    case consumers, consumersEmpty, consumersHint, acked, lag, lastSeen, never, noSources, records, adminToken
    case adminHint, cancel, name, total, notHere, retryFailed, moreRejects
    // The timeline.
    case perDay, spreading, spreadingNote, noSpread, publishers, noPublisher, others, day, timelineEmpty,
        lastDays
    // Problems and signing in.
    case problem, goHome, signIn, signInHint, token, wrongToken, signOut

    var words: (english: String, arabic: String) {
        switch self {
        case .skip: ("Skip to content", "تجاوز إلى المحتوى")
        case .navigation: ("Pages", "الصفحات")
        case .live: ("Live", "مباشر")
        case .search: ("Search", "بحث")
        case .timeline: ("Timeline", "الخط الزمني")
        case .sources: ("Sources", "المصادر")
        case .language: ("Language", "اللغة")
        case .theme: ("Theme", "المظهر")
        case .auto: ("System", "النظام")
        case .light: ("Light", "فاتح")
        case .dark: ("Dark", "داكن")
        case .footnote:
            ("A register in which entries are only ever added.", "سجلٌّ لا يُزاد إلا عليه، ولا يُمحى منه.")
        case .api: ("API", "الواجهة البرمجية")
        case .feed: ("Atom feed", "خلاصة Atom")

        case .articles: ("Articles", "المقالات")
        case .revisions: ("Revisions", "المراجعات")
        case .duplicates: ("Repeats", "المكرَّرات")
        case .rejects: ("Rejected", "المرفوضات")
        case .changes: ("Changes", "التغييرات")
        case .added: ("added", "جديد")
        case .revised: ("revised", "معدَّل")
        case .duplicated: ("repeat", "مكرَّر")
        case .withdrawn: ("withdrawn", "مسحوب")
        case .rejected: ("rejected", "مرفوض")
        case .restored: ("shown again", "أُعيد عرضه")
        case .log: ("Log", "السجل")
        case .tip: ("Last change", "آخر تغيير")
        case .untitled: ("Untitled", "بلا عنوان")
        case .erased: ("erased", "مُحي")
        case .erasedText:
            (
                "The content was erased; that it was here stays provable.",
                "مُحي المحتوى، ويبقى إثبات وجوده ممكنًا."
            )
        case .near: ("near copy", "شبه مطابق")
        case .likely: ("likely the same", "الأرجح أنه نفسه")
        case .contains: ("contains", "يحتوي")
        case .within: ("part of", "جزء من")
        case .related: ("related", "ذو صلة")
        case .replacedURL: ("replaced at its address", "حلّ محلّه في عنوانه")
        case .figuresDiffer: ("figures differ", "الأرقام تختلف")
        case .sameBytes: ("same bytes", "البايتات نفسها")
        case .sameWords: ("same words", "الكلمات نفسها")
        case .major: ("major", "جوهري")
        case .reverted: ("reverted", "عودة إلى نص سابق")

        case .arrivals: ("Changes as they come", "التغييرات فور ورودها")
        case .connecting: ("Connecting…", "جارٍ الاتصال…")
        case .connected: ("Live", "متصل")
        case .reconnecting: ("The daemon does not answer; trying again…", "الخادم لا يجيب، تُعاد المحاولة…")
        case .catchingUp: ("Catching up", "استدراك ما فات")
        case .stopped: ("Stopped", "توقّف")
        case .rate: ("Changes in the last five minutes", "التغييرات في آخر خمس دقائق")
        case .rateNote: ("each bar five seconds", "كل عمود خمس ثوانٍ")
        case .inbox: ("Inbox", "صندوق الوارد")
        case .inboxQuiet: ("empty: everything is taken in", "فارغ: أُدخل كل ما وصل")
        case .waiting: ("waiting", "في الانتظار")
        case .inHand: ("in hand", "قيد المعالجة")
        case .oldest: ("oldest", "الأقدم")
        case .paused: ("Taking in is paused", "الإدخال متوقف مؤقتًا")
        case .latency: ("From file to log", "من الملف إلى السجل")
        case .latencyNote: ("half within", "نصفها خلال")
        case .searchLag: ("Search index", "فهرس البحث")
        case .upToDate: ("up to date", "محدَّث")
        case .behind: ("behind", "متأخر")
        case .checkpoint: ("Signed checkpoint", "نقطة تحقق موقَّعة")
        case .empty: ("Nothing has arrived yet", "لم يصل شيء بعد")
        case .emptyHint:
            (
                "Drop a text, a JSON file or a page into the inbox; it shows here within a second:",
                "ضع نصًّا أو ملف JSON أو صفحة ويب في صندوق الوارد، فيظهر هنا خلال ثانية:"
            )
        case .pause: ("Hold the list", "تثبيت القائمة")
        case .goOn: ("Go on", "متابعة")
        case .held: ("new", "جديدة")
        case .show: ("Show", "عرض")
        case .fiveMinutesAgo: ("five minutes ago", "قبل خمس دقائق")
        case .inFiveMinutes: ("until now", "حتى الآن")
        case .stuck: ("stuck", "عالقة")
        case .mirrorNote: ("This is a read-only copy.", "هذه نسخة للقراءة فقط.")
        case .everything: ("All", "الكل")
        case .filterTypes: ("Kinds of changes to show", "أنواع التغييرات المعروضة")
        case .inboxUnknown: ("not served here", "غير متاح هنا")
        case .diverged:
            (
                "This page showed another log than the one served now. Load it again.",
                "عرضت هذه الصفحة سجلًا غير السجل الحالي. أعد تحميلها."
            )

        case .searchLabel: ("Search the articles", "البحث في المقالات")
        case .searchHint:
            (
                "words, \"a phrase\", begin*, this OR that, NOT these",
                "كلمات، \"عبارة\"، بداية*، هذا OR ذاك، NOT هذه"
            )
        case .find: ("Find", "ابحث")
        case .source: ("Source", "المصدر")
        case .publisher: ("Publisher", "الناشر")
        case .languageOf: ("Language", "اللغة")
        case .since: ("From", "من")
        case .until: ("To", "إلى")
        case .sort: ("Order", "الترتيب")
        case .newest: ("Newest first", "الأحدث أولًا")
        case .best: ("Best first", "الأوثق صلة أولًا")
        case .hits: ("found", "نتيجة")
        case .hitsAtLeast: ("at least", "على الأقل")
        case .noHits: ("Nothing found", "لا نتائج")
        case .noHitsHint:
            (
                "Harakat, hamzas and the article do not matter. Try fewer words, or a beginning with *.",
                "لا أثر للحركات والهمزات وأل التعريف. جرّب كلمات أقل، أو بداية كلمة تتبعها *."
            )
        case .next: ("More", "المزيد")
        case .searchStart:
            (
                "Find words however they are written: محمد finds مُحَمَّد and ومحمد.",
                "تُوجد الكلمة كيفما كُتبت: محمد تجد مُحَمَّد وَومحمد."
            )
        case .any: ("any", "الكل")
        case .searchSyntax: ("How to ask", "كيف تسأل")
        case .filters: ("Filters", "التصفية")
        case .searching: ("Searching…", "جارٍ البحث…")

        case .byline: ("By", "بقلم")
        case .published: ("Published", "نُشر")
        case .modified: ("Modified", "عُدّل")
        case .site: ("Site", "الموقع")
        case .address: ("Address", "العنوان")
        case .section: ("Section", "القسم")
        case .tags: ("Tags", "الوسوم")
        case .words: ("Words", "الكلمات")
        case .file: ("File", "الملف")
        case .bytes: ("bytes", "بايت")
        case .encoding: ("Read as", "قُرئ بوصفه")
        case .digest: ("SHA-256 of the file", "بصمة SHA-256 للملف")
        case .delivered: ("Taken in", "أُدخل")
        case .firstSeen: ("First seen", "أول ظهور")
        case .deliveries: ("Deliveries", "مرات الوصول")
        case .original: ("Download the original", "تنزيل الأصل")
        case .json: ("As JSON", "بصيغة JSON")
        case .body: ("Text", "النص")
        case .details: ("Details", "التفاصيل")
        case .noText: ("There is no text.", "لا نص.")
        case .id: ("Article", "المقالة")
        case .removed: ("Left out of the text", "أُخرج من النص")
        case .warnings: ("Noticed while reading", "ملاحظات القراءة")
        case .cluster: ("Cluster", "المجموعة")
        case .clusterNote: ("articles near to one earliest article", "مقالات قريبة من أقدم مقالة")
        case .revision: ("Revision", "المراجعة")
        case .revisionsNote: ("Every text that this article has had.", "كل نص حملته هذه المقالة.")
        case .current: ("current", "الحالية")
        case .paragraphs: ("paragraphs", "فقرات")
        case .numbers: ("numbers", "أرقام")
        case .retitled: ("other title", "عنوان آخر")
        case .compare: ("Compare", "قارن")
        case .compareWith: ("Compare with revision", "قارن بالمراجعة")
        case .relations: ("Articles like it", "مقالات تشبهها")
        case .noRelations: ("No other article is like it.", "لا مقالة أخرى تشبهها.")
        case .earlier: ("earlier", "أسبق")
        case .later: ("later", "ألحق")
        case .similarity: ("in common", "المشترك")
        case .containment: ("of the smaller", "من الأقصر")
        case .canonical: ("Digest of the words", "بصمة الكلمات")
        case .description: ("Summary", "الملخص")
        case .authors: ("Authors", "الكتّاب")
        case .dateline: ("Dateline", "مكان الخبر")
        case .license: ("License", "الرخصة")
        case .extra: ("Further fields", "حقول أخرى")
        case .cut: ("Cut for length", "قُصّ لطوله")
        case .changeBelow: ("Changes of this article", "تغييرات هذه المقالة")
        case .open: ("Open", "افتح")

        case .diff: ("Comparison", "مقارنة")
        case .earlierText: ("Earlier", "السابق")
        case .laterText: ("Later", "اللاحق")
        case .asTable: ("As a table", "في جدول")
        case .note: ("Note", "ملاحظة")
        case .figuresOnlyEarlier: ("Figures only in the earlier", "أرقام في السابق فقط")
        case .figuresOnlyLater: ("Figures only in the later", "أرقام في اللاحق فقط")
        case .textCut:
            (
                "The text is longer than a page shows; the original has all of it.",
                "النص أطول مما تعرضه الصفحة، والأصل يحويه كله."
            )
        case .onlyHere: ("Only in the earlier", "في السابق فقط")
        case .onlyThere: ("Only in the later", "في اللاحق فقط")
        case .figure: ("A figure that differs", "رقم مختلف")
        case .same: ("words in common", "كلمات مشتركة")
        case .noDifference: ("The words are the same.", "الكلمات نفسها.")
        case .diffTooLarge:
            (
                "The texts are too large to be compared word by word; paragraphs are compared.",
                "النصان أكبر من أن يُقارنا كلمة كلمة، فقورنت الفقرات."
            )
        case .backToArticle: ("Back to the article", "عودة إلى المقالة")

        case .proof: ("Proof", "الإثبات")
        case .proofNote:
            (
                "That this change stands in the log, under the checkpoint that the daemon signed. Your browser does the arithmetic itself.",
                "إثبات أن هذا التغيير قائم في السجل تحت نقطة التحقق التي وقّعها الخادم. يجري متصفحك الحساب بنفسه."
            )
        case .sequence: ("Sequence", "التسلسل")
        case .leaf: ("Leaf", "الورقة")
        case .verify: ("Verify in this browser", "تحقق في هذا المتصفح")
        case .verifying: ("Verifying…", "جارٍ التحقق…")
        case .verified: ("Verified", "تحقّق")
        case .notVerified: ("Not verified", "لم يتحقق")
        case .treeSize: ("Changes under the checkpoint", "تغييرات تحت نقطة التحقق")
        case .root: ("Root", "الجذر")
        case .key: ("Key", "المفتاح")
        case .proofMore: ("How to check it without this page", "كيف تتحقق دون هذه الصفحة")
        case .stepLine: ("The change was fetched", "جُلب التغيير")
        case .stepContent: ("The content is what the leaf commits to", "المحتوى هو ما تلتزم به الورقة")
        case .stepLeaf: ("The leaf was hashed", "حُسبت بصمة الورقة")
        case .stepCheckpoint: ("The checkpoint was fetched and read", "جُلبت نقطة التحقق وقُرئت")
        case .stepSignature: ("Its Ed25519 signature is of the log's key", "توقيعها Ed25519 بمفتاح السجل")
        case .stepInclusion:
            ("The proof leads from the leaf to the signed root", "يقود الإثبات من الورقة إلى الجذر الموقَّع")
        case .stepHistory:
            (
                "The tree is the one that this browser saw before, grown",
                "الشجرة هي التي رآها هذا المتصفح من قبل وقد نمت"
            )
        case .noCrypto:
            (
                "This browser offers no WebCrypto here: open the page over HTTPS or on localhost.",
                "لا يتيح المتصفح WebCrypto هنا: افتح الصفحة عبر HTTPS أو على localhost."
            )
        case .notCovered:
            (
                "The checkpoint does not cover the change yet; try again in a second.",
                "لا تشمل نقطة التحقق هذا التغيير بعد، حاول بعد ثانية."
            )
        case .keyNote:
            (
                "The key came from this server. Compare it with the one you were given: sijilld key show.",
                "جاء المفتاح من هذا الخادم. قارنه بما أُعطيت: sijilld key show."
            )
        case .signatureUnknown:
            (
                "this browser does not know Ed25519: the signature is not checked",
                "لا يعرف هذا المتصفح Ed25519: لم يُتحقق من التوقيع"
            )

        case .deliveredPerDay: ("Deliveries each day, four weeks", "المواد يوميًّا خلال أربعة أسابيع")
        case .lastDelivery: ("Last delivery", "آخر وصول")
        case .quarantine: ("Quarantine", "الحجر")
        case .quarantineNote:
            (
                "What could not be taken in, byte for byte as it came. Nothing is thrown away.",
                "ما تعذّر إدخاله، كما وصل بايتًا بايتًا. لا يُرمى شيء."
            )
        case .quarantineEmpty: ("Nothing is in quarantine.", "لا شيء في الحجر.")
        case .reason: ("Reason", "السبب")
        case .retry: ("Try again", "أعد المحاولة")
        case .retried: ("back in the inbox as", "عاد إلى صندوق الوارد باسم")
        case .since2: ("since", "منذ")
        case .consumers: ("Consumers", "المستهلكون")
        case .consumersEmpty: ("No named consumer has been made.", "لم يُنشأ مستهلك مسمًّى.")
        case .consumersHint:
            (
                "A consumer is a place in the log that the server keeps for a client:",
                "المستهلك موضع في السجل يحفظه الخادم لعميل:"
            )
        case .acked: ("Done with", "أُنجز حتى")
        case .lag: ("Lag", "التأخر")
        case .lastSeen: ("Last seen", "آخر ظهور")
        case .never: ("never", "لم يظهر")
        case .noSources: ("No source has delivered anything yet.", "لم يورد أي مصدر شيئًا بعد.")
        case .records: ("records", "سجلات")
        case .adminToken: ("Admin token", "رمز المدير")
        case .adminHint:
            (
                "Trying again changes the inbox, so it needs a token of scope admin. It is kept until this page is closed.",
                "إعادة المحاولة تغيّر صندوق الوارد، فتحتاج إلى رمز بصلاحية admin. يُحفظ حتى إغلاق الصفحة."
            )
        case .cancel: ("Cancel", "إلغاء")
        case .name: ("Name", "الاسم")
        case .total: ("All", "المجموع")
        case .notHere:
            (
                "This daemon only reads; the quarantine is where the inbox is.",
                "هذا الخادم للقراءة فقط؛ الحجر حيث صندوق الوارد."
            )
        case .retryFailed: ("It could not be tried again", "تعذّرت إعادة المحاولة")
        case .moreRejects:
            ("more; 'sijilld quarantine list' shows all", "أخرى؛ يعرضها جميعًا 'sijilld quarantine list'")

        case .perDay: ("New articles each day, by publisher", "المقالات الجديدة يوميًّا حسب الناشر")
        case .spreading: ("Told by several publishers", "تناقلها عدة ناشرين")
        case .spreadingNote:
            (
                "Clusters of near copies among the newest articles, those of most publishers first.",
                "مجموعات من النسخ شبه المطابقة بين أحدث المقالات، وأولها أكثرها ناشرين."
            )
        case .noSpread: ("No text has come from several publishers yet.", "لم يرد نص واحد من عدة ناشرين بعد.")
        case .publishers: ("publishers", "ناشرين")
        case .noPublisher: ("without a publisher", "بلا ناشر")
        case .others: ("others", "غيرهم")
        case .day: ("Day", "اليوم")
        case .timelineEmpty: ("There are no articles yet.", "لا مقالات بعد.")
        case .lastDays: ("by the day they were taken in, UTC", "حسب يوم إدخالها بالتوقيت العالمي")

        case .problem: ("This did not work", "تعذّر ذلك")
        case .goHome: ("To the live page", "إلى الصفحة المباشرة")
        case .signIn: ("Sign in", "تسجيل الدخول")
        case .signInHint:
            (
                "This log asks for a token. The one you enter stays in a cookie that only reads.",
                "يطلب هذا السجل رمزًا. يُحفظ ما تُدخله في ملف ارتباط للقراءة فقط."
            )
        case .token: ("Token", "الرمز")
        case .wrongToken: ("The token is not known here.", "الرمز غير معروف هنا.")
        case .signOut: ("Sign out", "تسجيل الخروج")
        }
    }
}

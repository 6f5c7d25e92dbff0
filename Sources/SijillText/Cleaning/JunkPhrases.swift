/// The words of news sites that are not of the article: tables to be read and extended.
///
/// They are written as sites show them and compared folded (`CanonicalWords`), so harakat, hamza, case,
/// punctuation and emoji make no difference. `phrase …` stands for any line that begins so, `phrase : …` for
/// one in which a separator (`:`, `|`, `»`, a dash) follows the phrase: what could begin a sentence
/// needs it. All others are the whole line, numbers at its ends aside: `Comments (3)`.
///
/// A phrase belongs here when no article would have it as a line of its own. To change a table is to change
/// what bodies are made of: it needs an entry in the CHANGELOG.
enum JunkPhrases {
    /// What stands at the head of all that follows an article.
    static let tailHeads = [
        // Arabic
        "التعليقات", "التعليقات مغلقة", "تعليقات القراء", "تعليقات الزوار", "أضف تعليق", "أضف تعليقا",
        "أضف تعليقك", "إضافة تعليق", "اكتب تعليقا", "اكتب تعليقك", "اترك تعليق", "اترك تعليقا",
        "اترك تعليقا إلغاء الرد", "اترك تعليقك", "اترك رد", "اترك ردا", "اترك ردا إلغاء الرد",
        "اترك رد إلغاء الرد", "إلغاء الرد", "شاركنا رأيك", "شارك برأيك", "لا يوجد تعليقات", "لا توجد تعليقات",
        "مقالات ذات صلة", "مواضيع ذات صلة", "موضوعات ذات صلة", "أخبار ذات صلة", "مواد ذات صلة",
        "تقارير ذات صلة", "ذات صلة", "مقالات مشابهة", "مواضيع مشابهة", "أخبار مشابهة", "مقالات متعلقة",
        "مواضيع متعلقة", "أخبار متعلقة", "مواضيع مرتبطة", "أخبار مرتبطة", "قد يعجبك", "قد يعجبك أيضا",
        "قد يهمك", "قد يهمك أيضا", "ربما يعجبك أيضا", "اخترنا لك", "اخترنا لكم", "نرشح لك", "مختارات",
        "الأكثر قراءة", "الأكثر مشاهدة", "الأكثر تعليقا", "الأكثر تداولا", "الأكثر شيوعا", "أهم المواضيع",
        "أهم التصنيفات", "أحدث الأخبار", "آخر الأخبار", "أحدث المقالات", "المزيد من الأخبار",
        "المقال السابق", "المقال التالي", "الخبر السابق", "الخبر التالي", "الموضوع السابق", "الموضوع التالي",
        "زر الذهاب إلى الأعلى", "العودة إلى الأعلى", "الذهاب إلى الأعلى", "الصعود إلى الأعلى",
        "لن يتم نشر عنوان بريدك الإلكتروني …", "الحقول الإلزامية مشار إليها …",
        // English
        "comments", "comment", "no comments", "no comments yet", "comments are closed", "leave a comment",
        "leave a reply", "leave a reply cancel reply", "post a comment", "add a comment", "write a comment",
        "join the conversation", "cancel reply", "your email address will not be published …",
        "related", "related articles", "related news", "related posts", "related stories", "related topics",
        "related content", "more stories", "more news", "more from : …", "you may also like",
        "you might also like", "recommended for you", "recommended stories", "most read", "most popular",
        "most viewed", "trending", "trending now", "latest news", "latest stories", "recent posts",
        "previous article", "next article", "previous post", "next post", "back to top", "scroll to top",
        "go to top",
        // French
        "commentaires", "commentaire", "aucun commentaire", "laisser un commentaire",
        "laissez un commentaire",
        "ajouter un commentaire", "laisser un commentaire annuler la réponse", "articles similaires",
        "articles liés", "articles associés", "sur le même sujet", "sur le même thème", "à lire également",
        "les plus lus", "les plus lues", "le plus lu", "vous aimerez aussi", "vous pourriez aussi aimer",
        "à découvrir aussi", "dernières actualités", "dernières nouvelles", "article précédent",
        "article suivant", "retour en haut", "haut de page",
        "votre adresse e-mail ne sera pas publiée …", "votre adresse de messagerie ne sera pas publiée …",
        // Persian
        "نظرات", "نظرات کاربران", "دیدگاه‌ها", "ارسال نظر", "دیدگاهتان را بنویسید", "مطالب مرتبط",
        "اخبار مرتبط", "خبرهای مرتبط", "پربازدیدترین", "پربازدیدها", "بازگشت به بالا",
        // Turkish, Russian, Spanish, German
        "yorumlar", "yorum yap", "yorum yaz", "ilgili haberler", "en çok okunanlar", "benzer haberler",
        "комментарии", "оставить комментарий", "добавить комментарий", "похожие статьи", "похожие материалы",
        "по теме", "материалы по теме", "самое читаемое", "наверх",
        "comentarios", "deja un comentario", "dejar un comentario", "artículos relacionados",
        "noticias relacionadas", "te puede interesar", "lo más leído", "volver arriba",
        "kommentare", "kommentar schreiben", "schreiben sie einen kommentar", "ähnliche artikel",
        "verwandte artikel", "meistgelesen", "nach oben",
    ]

    /// Share bars. They stand above an article as often as below it.
    static let shareHeads = [
        "شارك", "شاركها", "مشاركة", "شارك هذا الموضوع", "شارك الموضوع", "شارك المقال", "شارك الخبر",
        "شارك هذا المقال", "شارك على", "انشر", "انشر الخبر", "مشاركة الخبر", "مشاركة عبر", "تابعنا",
        "تابعنا على : …",
        "share", "shares", "share this", "share this article", "share this story", "share this post",
        "share on : …", "follow us", "follow us on : …", "tags",
        "partager", "partager cet article", "partagez cet article", "partager sur : …", "suivez nous",
        "اشتراک گذاری", "paylaş", "поделиться", "compartir", "teilen", "artikel teilen",
    ]

    /// What people press on. A line that is made of these only is one as well: `Facebook Twitter Print`.
    static let controls = [
        "فيسبوك", "فايسبوك", "تويتر", "واتساب", "واتس اب", "تيليجرام", "تيليغرام", "تلغرام", "تلجرام",
        "تليغرام", "لينكدإن",
        "بينتيريست", "ماسنجر", "انستغرام", "إنستغرام", "طباعة", "اطبع", "بريد إلكتروني", "البريد الإلكتروني",
        "عبر البريد الإلكتروني", "مشاركة عبر البريد", "نسخ الرابط", "انسخ الرابط", "الرئيسية", "القائمة",
        "بحث", "البحث عن", "تسجيل الدخول", "إظهار المزيد", "اظهر المزيد", "أظهر المزيد", "عرض المزيد",
        "تحميل المزيد",
        "اقرأ المزيد", "حجم الخط", "تكبير الخط", "تصغير الخط", "إرسال إلى صديق", "مشاهدات", "مشاهدة",
        "وقت القراءة : …",
        "دقيقة واحدة", "دقائق قراءة", "قراءة دقيقة", "اشترك", "اشترك الآن", "اشترك في النشرة البريدية",
        "النشرة البريدية", "استمع للمقال", "استمع إلى المقال", "الوضع الليلي",
        "facebook", "twitter", "x", "whatsapp", "telegram", "linkedin", "pinterest", "reddit", "tumblr",
        "viber",
        "messenger", "instagram", "youtube", "tiktok", "email", "e-mail", "print", "copy link", "copy url",
        "home", "menu", "search", "search for", "skip to content", "skip to main content", "sign in",
        "log in",
        "login", "register", "subscribe", "subscribe now", "sign up", "newsletter", "show more", "load more",
        "view more", "read more", "see more", "continue reading", "listen to this article", "min read",
        "minute read",
        "minutes read", "views", "translate", "select language", "accept cookies", "toggle navigation",
        "close",
        "share on facebook", "share on twitter", "share on whatsapp", "share via email", "click to share …",
        "accueil", "rechercher", "recherche", "se connecter", "connexion", "s'abonner", "s'inscrire",
        "abonnez vous", "imprimer", "envoyer par mail", "copier le lien", "lire la suite", "afficher plus",
        "voir plus", "écouter l'article", "aller au contenu", "minutes de lecture", "min de lecture",
        "چاپ", "تلگرام", "توییتر", "واتس‌اپ", "اینستاگرام", "جستجو", "ورود", "کپی لینک", "لینک کوتاه",
        "печать", "распечатать", "вконтакте", "одноклассники", "телеграм", "скопировать ссылку", "войти",
        "подписаться", "yazdır", "ana sayfa", "imprimir", "iniciar sesión", "drucken", "anmelden",
        "fbpx", "gtm", "googletag", "adsbygoogle", "outbrain", "taboola",
    ]

    /// Advertisements and pointers to other articles between the paragraphs.
    static let notices = [
        "إعلان", "إعلانات", "مساحة إعلانية", "إعلان ممول", "محتوى ممول", "يتبع بعد الإعلان",
        "اقرأ أيضا", "اقرأ أيضا …", "إقرأ أيضا …", "اقرئي أيضا …", "اقرأ كذلك …", "اقرأوا أيضا …",
        "طالع أيضا …",
        "طالع كذلك …", "شاهد أيضا …", "شاهدوا أيضا …", "إقرأ المزيد : …", "اقرأ المزيد : …",
        "للمزيد : …", "لقراءة المزيد …", "مواضيع ذات صلة : …", "مقالات ذات صلة : …", "أخبار ذات صلة : …",
        "advertisement", "advertisements", "advertising", "sponsored", "sponsored content", "ad", "ads",
        "story continues below advertisement", "article continues below",
        "article continues after advertisement",
        "read also", "also read", "see also", "read also : …", "also read : …", "see also : …",
        "read more : …",
        "read next : …", "related : …", "watch : …", "more on this story",
        "publicité", "annonce", "contenu sponsorisé", "la suite après cette publicité",
        "lire aussi", "à lire aussi", "voir aussi", "lire aussi : …", "à lire aussi : …",
        "lire également : …",
        "voir aussi : …", "à lire : …", "en savoir plus : …",
        "تبلیغات", "آگهی", "بیشتر بخوانید", "بیشتر بخوانید : …", "همچنین بخوانید : …",
        "реклама", "читайте также", "читайте также : …", "смотрите также : …",
        "reklam", "ayrıca bakınız", "publicidad", "lea también : …", "anzeige", "lesen sie auch : …",
    ]

    /// What a short line with the sign © or one of these is.
    static let copyrights = [
        "جميع الحقوق محفوظة", "كافة الحقوق محفوظة", "كل الحقوق محفوظة", "الحقوق محفوظة", "حقوق النشر محفوظة",
        "حقوق النشر والطبع", "حقوق الطبع والنشر محفوظة", "all rights reserved", "tous droits réservés",
        "تمامی حقوق",
        "все права защищены", "todos los derechos reservados", "alle rechte vorbehalten",
        "tüm hakları saklıdır",
    ]

    /// A short line that begins so says for whom the text was written, or who published it.
    static let publishers = [
        "تقرير خاص لـ …", "تقرير خاص ل …", "تقرير خاص …", "خاص لـ …", "خاص بـ …", "خاص : …", "حصري لـ …",
        "حصري : …", "المصدر : …", "نقلا عن : …", "special report for …", "special to …", "exclusive to …",
        "source : …", "spécial pour …", "منبع : …", "источник : …",
    ]

    /// A short line that begins so says who wrote the text. Where letters have case, a name must follow.
    static let bylines = [
        "بقلم …", "كتب : …", "كتبت : …", "كتبه : …", "كتبته : …", "إعداد : …", "تحرير : …", "الكاتب : …",
        "الكاتبة : …", "by …", "written by …", "reported by …", "par …", "propos recueillis par …",
        "نویسنده : …",
        "автор : …", "por …", "von …", "yazan : …",
    ]

    /// Words in the names of those who publish.
    static let publisherWords: Set<String> = [
        "نيوز", "بوست", "برس", "وكاله", "وكالات", "صحيفه", "جريده", "شبكه", "قناه", "موقع", "مرصد", "مركز",
        "تلفزيون",
        "راديو", "اذاعه", "مجله", "بوابه", "خبرگزاري", "news", "post", "press", "agency", "times", "tribune",
        "herald",
        "agence", "presse", "journal", "радио", "агентство", "газета",
    ]
}

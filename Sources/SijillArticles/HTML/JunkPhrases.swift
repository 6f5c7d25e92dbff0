import SijillText

/// Lines that belong to a page and not to its article, in the languages of the press that Sijill's users
/// collect. Compared as canonical words, so that letters, harakat and signs do not matter.
enum JunkPhrases {
    /// Whether a short line is such a line, or begins as only such lines do.
    static func removes(_ words: [UInt8], weight: Int) -> Bool {
        if whole.contains(words) { return true }
        return openings.contains { starts(words, with: $0) }
    }

    /// Whether a line heads what stands behind an article.
    static func headsTail(_ words: [UInt8]) -> Bool {
        tails.contains { starts(words, with: $0) }
    }

    private static func starts(_ words: [UInt8], with phrase: [UInt8]) -> Bool {
        words.starts(with: phrase) && (words.count == phrase.count || words[phrase.count] == 0x20)
    }

    private static func canonical(_ lines: String) -> [[UInt8]] {
        lines.split(separator: "\n").map { CanonicalWords(Array($0.utf8)).bytes }.filter { !$0.isEmpty }
    }

    private static let whole = Set(
        canonical(
            """
            إعلان
            إعلانات
            مشاركة
            شارك
            شارك المقال
            شارك الخبر
            انسخ الرابط
            نسخ الرابط
            طباعة
            حفظ
            أرسل
            تويتر
            فيسبوك
            واتساب
            تيليغرام
            استمع
            استمع إلى المقال
            Advertisement
            Advertisements
            ADVERTISEMENT - CONTINUE READING BELOW
            Story continues below advertisement
            Article continues below advertisement
            Continue reading the main story
            Share
            Share this
            Share this article
            Share this story
            Tweet
            Email
            Print
            Facebook
            Twitter
            WhatsApp
            Copy link
            Link copied
            Save
            Listen to this article
            Read more
            Sponsored
            Publicité
            Partager
            Partager cet article
            Imprimer
            Publicidad
            Compartir
            Anzeige
            Werbung
            Teilen
            Drucken
            Реклама
            Поделиться
            Reklam
            Paylaş
            تبلیغات
            广告
            分享
            広告
            シェアする
            このニュースをシェア
            打印
            收藏
            광고
            공유하기
            विज्ञापन
            """))

    private static let openings = canonical(
        """
        اقرأ أيضا
        إقرأ أيضا
        اقرأ المزيد
        اقرأ كذلك
        طالع أيضا
        شاهد أيضا
        وقد يهمك
        قد يهمك أيضا
        تابعونا على
        تابعنا على
        اشترك في نشرتنا
        Read also
        Also read
        Read more:
        READ MORE
        See also
        Related:
        You may also like
        Follow us on
        Sign up for
        Subscribe to our
        Click here to
        All rights reserved
        Lire aussi
        À lire aussi
        Lea también
        Lee también
        Leia também
        Leggi anche
        Lesen Sie auch
        Mehr zum Thema
        Читайте также
        Ayrıca okuyun
        بیشتر بخوانید
        यह भी पढ़ें
        Baca juga
        关键词
        关键字
        文章关键词
        责任编辑
        更多精彩
        关注我们
        جميع الحقوق محفوظة
        """)

    private static let tails = canonical(
        """
        التعليقات
        تعليقات القراء
        اترك تعليقا
        اترك رد
        أضف تعليق
        مقالات ذات صلة
        أخبار ذات صلة
        مواضيع ذات صلة
        موضوعات متعلقة
        اقرأ أيضا
        المزيد من الأخبار
        الأكثر قراءة
        مواضيع متعلقة
        Comments
        Leave a comment
        Leave a reply
        Post a comment
        Related articles
        Related stories
        Related posts
        Related news
        Related topics
        More from
        More stories
        Most read
        Most popular
        Recommended for you
        Read next
        You might also like
        About the author
        Commentaires
        Articles liés
        Sur le même sujet
        Comentarios
        Noticias relacionadas
        Kommentare
        Mehr zum Thema
        Комментарии
        По теме
        İlgili haberler
        Yorumlar
        相关新闻
        相关阅读
        相关推荐
        推荐阅读
        推荐新闻
        热门推荐
        延伸阅读
        为你推荐
        为您推荐
        猜你喜欢
        関連記事
        관련 기사
        संबंधित खबरें
        """)
}

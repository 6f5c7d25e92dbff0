/// The tables and views of the store, as SQLite keeps them: `sqlite3 sijill.sqlite .schema` shows this text
/// with its comments. `Documentation/Store.md` says how to read them.
enum StoreSchema {
    /// Goes up with every change of `sql` or of what `StoreRow` writes. A store of another version is
    /// rebuilt.
    static let version: Int64 = 7

    /// Why there is no index over article ids and digests: such keys are random, every insert dirties a page
    /// of its own, and a row costs 3.5 to 4 times as much at a million rows. `DigestTable` finds them in
    /// memory.
    static let sql = """
        create table meta (
          id integer primary key check (id = 1),  -- there is one row
          schema_version integer not null,
          log text not null,                      -- the id of the log that this is a view of
          applied integer not null                -- the sequence of the last change applied; 0 before the first
        );

        create table articles (
          sequence integer primary key,           -- of the change that added the article; its key in this store
          id text not null,                       -- the article's id in the log, 'a' and 26 digits of base 32
          cluster integer not null                -- the head of its cluster: articles.sequence, its own if it stands alone
        );

        -- The members of a cluster but for its head.
        create index members on articles (cluster) where cluster <> sequence;

        create table revisions (
          sequence integer primary key,           -- of the change that brought this text
          article integer not null,               -- articles.sequence
          revision integer not null,              -- 1-based
          words integer not null,                 -- canonical words of the text
          major integer,                          -- 1: less than half of the text before is left; null in revision 1
          reverted integer,                       -- 1: it is the text of an earlier revision again
          changed text,                           -- a JSON object: how many paragraphs and numbers came and went
          title text,
          byline text,
          authors text,                           -- a JSON array of strings, as are tags, removed, warnings and cut
          publisher text,
          site text,
          url text,
          producer_id text,                       -- the producer's own id of the article
          lang text,
          published text,                         -- dates stand as they were given
          modified text,
          fetched text,
          description text,
          standfirst text,                        -- both are in the text too
          dateline text,
          tags text,
          section text,
          image text,
          license text,
          removed text,                           -- junk, and lines that became fields: not in the text
          warnings text,                          -- noticed while reading, no reason to reject
          cut text,                               -- names of fields that were over their limit
          changes text,                           -- a JSON object: which paragraphs and numbers came and went
          extra text,                             -- a JSON object: what no other field takes
          text text
        );

        -- The texts that took the place of an earlier one: an article stands with the last of them.
        create index later_revisions on revisions (article) where article <> sequence;

        -- What the index of duplicates is made of when the daemon starts; one row for each of revisions.
        create table sketches (
          sequence integer primary key,           -- revisions.sequence
          article integer not null,               -- articles.sequence
          identity blob,                          -- 16 bytes: the URL, or the source and the producer's id; null: erased
          keys blob not null                      -- a sample of the text's shingles, 4 bytes each; empty: erased
        );

        -- What a text is to earlier articles, as it was found when the text came. Never computed again.
        create table relations (
          sequence integer not null,              -- revisions.sequence
          place integer not null,                 -- from 0, the closest first
          kind text not null,                     -- near, likely, contains, within, related, replaced_url
          other integer not null,                 -- articles.sequence of the earlier article
          jaccard real not null,
          containment real not null,
          figures_differ integer not null,
          primary key (sequence, place)
        ) without rowid;

        create index related_to on relations (other);

        -- One row for each delivery of a text, new or known before.
        create table sightings (
          sequence integer primary key,           -- of the change
          time integer not null,                  -- of the commit, milliseconds since 1970-01-01T00:00:00Z
          epoch text not null,                    -- the run of the daemon; a cursor is '<sequence>-<epoch>'
          article integer not null,               -- articles.sequence
          revision integer not null,              -- whose text it is
          matched text,                           -- raw: same bytes; canonical: same words; null: the text is new here
          duplicate_of integer,                   -- the change that first brought these bytes or words
          file_name text not null,
          file_name_bytes blob,                   -- where the name is not valid UTF-8
          source text not null,                   -- who delivered it
          file_bytes integer not null,            -- size of the input that was read
          file_sha256 blob,
          file_encoding text,
          file_format text,
          file_inode integer not null,            -- numbers from 2^63 on stand as negative ones
          file_line integer,                      -- in a file of many records: 1-based
          file_offset integer,                    -- in a file of many records: its first byte
          canonical_version text,                 -- digests of different versions are never compared
          canonical_digest blob,                  -- null: too few words to be compared
          text_digest blob not null,
          content_digest blob not null,
          delivered text                          -- a duplicate's fields as delivered, without text: a JSON object
        );

        -- The repeated deliveries of an article. A first delivery costs nothing here.
        create index repeats on sightings (article) where article <> sequence;

        -- What came beside an input and went to the originals with it: sidecars, and the other half of a pair.
        create table mates (
          sequence integer not null,              -- of the change
          place integer not null,                 -- from 0, of those that it kept
          article integer not null,               -- articles.sequence
          kind text not null,                     -- sidecar, pair
          file_name text not null,
          file_bytes integer not null,
          file_sha256 blob not null,
          primary key (sequence, place)
        ) without rowid;

        create index mates_of on mates (article);

        -- Articles that are not to be shown, and those that are again. The last row of an article counts.
        create table withdrawals (
          sequence integer primary key,           -- of the change
          time integer not null,                  -- as in sightings
          epoch text not null,
          article integer not null,               -- articles.sequence
          erase integer not null,                 -- 1: its texts and originals were erased
          undo integer not null,                  -- 1: it is shown again
          sequences text not null,                -- a JSON array: the changes whose content was erased
          note text                               -- the reason that was given
        );

        create index withdrawn on withdrawals (article);

        create table rejects (
          sequence integer primary key,           -- of the change
          time integer not null,                  -- as in sightings, and so on
          epoch text not null,
          file_name text not null,
          file_name_bytes blob,
          source text not null,
          file_bytes integer not null,
          file_sha256 blob,                       -- null: rejected unread
          file_encoding text,
          file_format text,
          file_inode integer not null,
          file_line integer,
          file_offset integer,
          reason text not null,                   -- of a closed list
          detail text not null
        );

        -- What the feed filters by, one row a change.
        create table facets (
          sequence integer primary key,           -- of the change
          type text not null,                     -- added, revised, duplicated, withdrawn, rejected
          source text,                            -- who delivered it; null: it came from no input
          publisher text,                         -- of the change's own content, as delivered
          lang text,                              -- the same
          article integer                         -- articles.sequence; null: it is about none
        );

        -- Each ends with the sequence, so it gives changes in their order. What most rows are is not in them.
        create index facets_by_type on facets (type) where type <> 'added';
        create index facets_by_source on facets (source);
        create index facets_by_publisher on facets (publisher) where publisher is not null;
        create index facets_by_lang on facets (lang) where lang is not null;
        create index facets_by_article on facets (article) where article <> sequence;

        -- For people: the articles as they stand now.
        create view latest_articles as
        select a.id, r.revision, r.title, r.byline, r.publisher, r.site, r.url, r.lang, r.published, r.description,
          strftime('%Y-%m-%dT%H:%M:%S', f.time / 1000, 'unixepoch') || printf('.%03dZ', f.time % 1000) as added_at,
          strftime('%Y-%m-%dT%H:%M:%S', s.time / 1000, 'unixepoch') || printf('.%03dZ', s.time % 1000) as revised_at,
          s.source, s.file_name, lower(hex(s.file_sha256)) as sha256, r.words,
          (select count(*) + 1 from sightings d where d.article = a.sequence and d.article <> d.sequence)
            as deliveries,
          h.id as cluster, a.sequence, r.text
        from articles a
        join revisions r on r.sequence = coalesce(
          (select max(n.sequence) from revisions n where n.article = a.sequence and n.article <> n.sequence),
          a.sequence)
        join sightings s on s.sequence = r.sequence
        join sightings f on f.sequence = a.sequence
        join articles h on h.sequence = a.cluster;

        -- For people: what articles are to earlier ones. `revision` is the one whose text was compared.
        create view article_relations as
        select a.id as article, r.revision, t.kind, o.id as other, t.jaccard, t.containment, t.figures_differ
        from relations t
        join revisions r on r.sequence = t.sequence
        join articles a on a.sequence = r.article
        join articles o on o.sequence = t.other;

        -- For people: articles that are near to one earlier article, where there are several.
        create view clusters as
        select h.id as cluster, 1 + count(*) as articles, h.sequence
        from articles m join articles h on h.sequence = m.cluster
        where m.cluster <> m.sequence group by m.cluster;

        -- For people: every delivery of a text.
        create view deliveries as
        select s.sequence, printf('%016d-%s', s.sequence, s.epoch) as cursor,
          strftime('%Y-%m-%dT%H:%M:%S', s.time / 1000, 'unixepoch') || printf('.%03dZ', s.time % 1000) as time,
          case when s.matched is not null then 'duplicated' when s.article = s.sequence then 'added'
            else 'revised' end as outcome,
          s.matched as match,
          s.duplicate_of, a.id as article, s.revision, s.source, s.file_name, s.file_line, s.file_offset,
          s.file_bytes, lower(hex(s.file_sha256)) as sha256, s.file_encoding, s.file_format,
          s.canonical_version || ':' || lower(hex(s.canonical_digest)) as canonical_digest,
          lower(hex(s.text_digest)) as text_digest, lower(hex(s.content_digest)) as content_digest, s.delivered
        from sightings s join articles a on a.sequence = s.article;

        -- For people: what could not become an article, and why.
        create view rejected_files as
        select sequence, printf('%016d-%s', sequence, epoch) as cursor,
          strftime('%Y-%m-%dT%H:%M:%S', time / 1000, 'unixepoch') || printf('.%03dZ', time % 1000) as time,
          reason, detail, source, file_name, file_line, file_offset, file_bytes,
          case when file_sha256 is not null then lower(hex(file_sha256)) end as sha256
        from rejects;
        """
}

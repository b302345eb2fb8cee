"""The tables of a box, as migration steps. A step that has shipped is never edited; add the next.

Tables on the sale path have integer keys; the digest of a claim code is the only random key they
are found by. Ids packed into one integer: event = epoch_no << 40 | seq, line = sale << 8 | n,
number = drop_no << 20 | edition number, claim = sale << 8 | issue, file = pack << 16 | n,
tile = epoch_no << 40 | level << 36 | index.
"""

from __future__ import annotations

#: Number of the newest step; kept in PRAGMA user_version, so that opening needs no library.
VERSION = 10

#: From this step on a box notes where its database lies (place.py).
PLACED = 3

FOUNDING = """
CREATE TABLE epochs (
    no INTEGER PRIMARY KEY, epoch BLOB NOT NULL, opened_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE journal (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch_no INTEGER NOT NULL REFERENCES epochs (no),
    size INTEGER NOT NULL, frontier BLOB NOT NULL, last_at_ms INTEGER NOT NULL,
    floor_ms INTEGER NOT NULL, floor_boot TEXT NOT NULL, floor_boottime_ms INTEGER NOT NULL,
    operator_boot TEXT, operator_offset_ms INTEGER
) STRICT;
CREATE TABLE events (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch_no INTEGER NOT NULL, size INTEGER NOT NULL,
    root BLOB NOT NULL, note TEXT NOT NULL, signed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE uploads (
    epoch_no INTEGER PRIMARY KEY, next INTEGER NOT NULL, cosigned TEXT, cosigned_size INTEGER,
    at_ms INTEGER, last_error TEXT
) STRICT;
CREATE TABLE verdicts (event INTEGER PRIMARY KEY, verdict TEXT NOT NULL, reason TEXT NOT NULL) STRICT;

CREATE TABLE documents (
    no INTEGER PRIMARY KEY, typ TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, token TEXT NOT NULL, accepted_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE creators (no INTEGER PRIMARY KEY, did TEXT NOT NULL UNIQUE, public BLOB NOT NULL) STRICT;
CREATE TABLE delegations (
    no INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (no), creator INTEGER NOT NULL REFERENCES creators (no),
    role TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL, UNIQUE (creator, subject)
) STRICT;

CREATE TABLE drops (
    no INTEGER PRIMARY KEY, drop_id TEXT NOT NULL UNIQUE, creator INTEGER NOT NULL REFERENCES creators (no),
    pack INTEGER NOT NULL, ver INTEGER NOT NULL, switched_on INTEGER NOT NULL DEFAULT 0, edition INTEGER
) STRICT;
CREATE TABLE packs (
    no INTEGER PRIMARY KEY, drop_no INTEGER NOT NULL REFERENCES drops (no), document INTEGER NOT NULL REFERENCES documents (no),
    manifest_hash TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL, licence TEXT NOT NULL,
    price_minor INTEGER NOT NULL, cur TEXT NOT NULL, opens_ms INTEGER, closes_ms INTEGER, expires_ms INTEGER NOT NULL,
    max_devices INTEGER NOT NULL, max_downloads INTEGER NOT NULL, code_ttl_s INTEGER NOT NULL,
    cover TEXT, zip_name TEXT NOT NULL, zip_size INTEGER NOT NULL, zip_sha256 TEXT NOT NULL, bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, type TEXT NOT NULL, role TEXT NOT NULL
) STRICT;
CREATE TABLE leases (
    no INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (no), jti TEXT NOT NULL, drop_no INTEGER NOT NULL REFERENCES drops (no),
    lease_seq INTEGER NOT NULL, epoch_no INTEGER NOT NULL REFERENCES epochs (no), expires_ms INTEGER NOT NULL, UNIQUE (drop_no, lease_seq)
) STRICT;
CREATE TABLE numbers (
    id INTEGER PRIMARY KEY, state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    lease INTEGER NOT NULL REFERENCES leases (no), sale INTEGER
) STRICT;
CREATE INDEX numbers_free ON numbers (id) WHERE state = 0;
CREATE INDEX numbers_held ON numbers (sale) WHERE state = 1;

CREATE TABLE sales (
    no INTEGER PRIMARY KEY, epoch_no INTEGER NOT NULL, origin TEXT NOT NULL, created_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('basket', 'paid', 'dropped')), cur TEXT NOT NULL, total_minor INTEGER NOT NULL,
    basket_code TEXT, hold_until_ms INTEGER, paid_ms INTEGER, receipt_event INTEGER, issue INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX sales_basket ON sales (basket_code) WHERE basket_code IS NOT NULL;
CREATE INDEX sales_open ON sales (created_ms) WHERE state = 'basket';
CREATE TABLE lines (
    id INTEGER PRIMARY KEY, pack INTEGER, sku TEXT, title TEXT NOT NULL, asked INTEGER, ed INTEGER, lease INTEGER,
    qty INTEGER NOT NULL, minor INTEGER NOT NULL, vat_bp INTEGER NOT NULL
) STRICT;
CREATE TABLE attempts (
    no INTEGER PRIMARY KEY, sale INTEGER NOT NULL REFERENCES sales (no), ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pay', 'reverse', 'refund')), of INTEGER REFERENCES attempts (no),
    tender TEXT NOT NULL, reader INTEGER, state TEXT NOT NULL, settlement TEXT, amount_minor INTEGER NOT NULL, cur TEXT NOT NULL,
    given_minor INTEGER, offline INTEGER, decided_by TEXT, reason TEXT,
    boot_id TEXT NOT NULL, requested_boottime_ms INTEGER NOT NULL, requested_ms INTEGER NOT NULL, ended_ms INTEGER,
    cancel_wanted INTEGER NOT NULL DEFAULT 0, display TEXT NOT NULL DEFAULT '',
    tid TEXT, receipt_no INTEGER, trace INTEGER, baseline_tid TEXT, baseline_receipt INTEGER
) STRICT;
CREATE UNIQUE INDEX attempts_of_sale ON attempts (sale, ordinal);
CREATE INDEX attempts_open ON attempts (reader) WHERE state IN ('requested', 'sent', 'approved', 'reversing', 'unknown');
CREATE TABLE card_facts (attempt INTEGER PRIMARY KEY REFERENCES attempts (no), salt BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE claims (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, state TEXT NOT NULL CHECK (state IN ('active', 'revoked')), expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE presses (key BLOB PRIMARY KEY, result INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE certificates (line INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, event INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE grants (no INTEGER PRIMARY KEY, claim INTEGER NOT NULL REFERENCES claims (id), created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;
CREATE INDEX grants_of_claim ON grants (claim);
CREATE TABLE transfers (
    grant_no INTEGER NOT NULL, file INTEGER NOT NULL, sent INTEGER NOT NULL, last INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (grant_no, file)
) STRICT, WITHOUT ROWID;
CREATE TABLE downloads (claim INTEGER NOT NULL, file INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (claim, file)) STRICT, WITHOUT ROWID;

CREATE TABLE readers (
    no INTEGER PRIMARY KEY, name TEXT NOT NULL, link TEXT NOT NULL DEFAULT 'lost', display TEXT NOT NULL DEFAULT '',
    tid TEXT, last_receipt INTEGER, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE reader_jobs (
    no INTEGER PRIMARY KEY, reader INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('day_end')),
    state TEXT NOT NULL CHECK (state IN ('asked', 'begun', 'done', 'failed')), asked_ms INTEGER NOT NULL, answer TEXT
) STRICT;
CREATE TABLE day_ends (
    no INTEGER PRIMARY KEY, reader INTEGER NOT NULL, event INTEGER NOT NULL, tid TEXT, total_minor INTEGER NOT NULL, count INTEGER,
    cur TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE exceptions (
    no INTEGER PRIMARY KEY, kind TEXT NOT NULL, attempt INTEGER, sentence TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE staff (
    no INTEGER PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, pin_hash TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, locked_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
"""

HASH_TILES = """
CREATE TABLE tiles (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
"""

#: A closed epoch keeps `size` and `frontier`, so that its last checkpoint can still be signed; the running one's stand in
#: `journal`. `parent` is NULL in the first epoch only. `first_no`: no sale, attempt or grant made in it has a lower number.
EPOCHS = """
ALTER TABLE epochs ADD COLUMN parent INTEGER REFERENCES epochs (no);
ALTER TABLE epochs ADD COLUMN reason TEXT;
ALTER TABLE epochs ADD COLUMN first_no INTEGER NOT NULL DEFAULT 1;
ALTER TABLE epochs ADD COLUMN size INTEGER;
ALTER TABLE epochs ADD COLUMN frontier BLOB;
ALTER TABLE checkpoint RENAME TO checkpoint_of_one;
CREATE TABLE checkpoint (
    epoch_no INTEGER PRIMARY KEY REFERENCES epochs (no), size INTEGER NOT NULL, root BLOB NOT NULL,
    note TEXT NOT NULL, signed_ms INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint (epoch_no, size, root, note, signed_ms) SELECT epoch_no, size, root, note, signed_ms FROM checkpoint_of_one;
DROP TABLE checkpoint_of_one;
ALTER TABLE uploads ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
"""

#: Why a person decided a payment, in words that may name somebody: sealed, so that the row can be erased.
#: `event` is the one that bears their salted hash.
DECISIONS = """
CREATE TABLE decisions (
    attempt INTEGER PRIMARY KEY REFERENCES attempts (no), event INTEGER NOT NULL, salt BLOB NOT NULL, sealed BLOB NOT NULL
) STRICT;
"""

#: What a person typed of a payment that a reader of its own took: the name it has there.
REFERENCES = """
ALTER TABLE attempts ADD COLUMN reference TEXT;
"""

#: What a terminal can do; jobs of any kind (a table's check cannot be changed; nothing of a job is worth keeping); the event
#: that took a sale back.
GIVING_BACK = """
ALTER TABLE readers ADD COLUMN can TEXT NOT NULL DEFAULT '';
DROP TABLE reader_jobs;
CREATE TABLE reader_jobs (
    no INTEGER PRIMARY KEY, reader INTEGER NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'begun', 'done', 'failed')), asked_ms INTEGER NOT NULL, answer TEXT
) STRICT;
CREATE INDEX attempts_back ON attempts (of) WHERE of IS NOT NULL;
ALTER TABLE sales ADD COLUMN void_event INTEGER;
"""

#: What tells a terminal's last transaction from another with its number, and its totals as they were at an attempt.
BASELINES = """
ALTER TABLE readers ADD COLUMN last_mark TEXT;
ALTER TABLE readers ADD COLUMN total_tid TEXT;
ALTER TABLE readers ADD COLUMN total_minor INTEGER;
ALTER TABLE readers ADD COLUMN total_after INTEGER;
ALTER TABLE attempts ADD COLUMN baseline_mark TEXT;
ALTER TABLE day_ends ADD COLUMN after_attempt INTEGER;
"""

#: The till of a whole day. A line of a product has no pack; `of_line` is the line of another sale that it takes back, `bundle`
#: the product it was sold as a part of. A sale's total is that of its lines, its tip and what rounding added. `ref_sale`: what a
#: return or an exchange takes back of. `parked_ms`: put aside for the next buyer; `queued_ms`: money that is owed to a buyer; `return_reason`: why what
#: was opened may come back.
#: `postings` is the double entry, debits above zero; each event's add up to nothing. A shift reaches from the event after the one
#: that closed the shift before to the one that closes it; `no` is the number of its Z-report,
#: `checkpoint` what was signed over it. `paid_event` is the event that made an
#: attempt paid (none where nothing was to pay and a crowd took it). A day end closes the terminal's day at the event `upto`: its own,
#: or, typed from the slip of one that was cut off, that at which it was begun; `ours_…` is what the box had by card since the one before,
#: `ties` whether both say the same. `reasons`: why a person did something, sealed. `cut`: an end of day nobody heard the end of.
TILL = """
CREATE TABLE products (
    no INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('item', 'bundle', 'voucher', 'deposit')), price_minor INTEGER, cur TEXT NOT NULL,
    vat_bp INTEGER NOT NULL, cover TEXT, barcode TEXT, stock INTEGER, position INTEGER NOT NULL, on_sale INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX products_barcode ON products (barcode) WHERE barcode IS NOT NULL;
CREATE TABLE bundle_parts (
    bundle INTEGER NOT NULL REFERENCES products (no), n INTEGER NOT NULL, drop_no INTEGER REFERENCES drops (no),
    product INTEGER REFERENCES products (no), qty INTEGER NOT NULL, PRIMARY KEY (bundle, n)
) STRICT, WITHOUT ROWID;
ALTER TABLE lines ADD COLUMN product INTEGER;
ALTER TABLE lines ADD COLUMN disc_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lines ADD COLUMN bundle INTEGER;
ALTER TABLE lines ADD COLUMN of_line INTEGER;
CREATE INDEX lines_taken_back ON lines (of_line) WHERE of_line IS NOT NULL;
ALTER TABLE sales ADD COLUMN tip_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN round_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN ref_sale INTEGER;
ALTER TABLE sales ADD COLUMN parked_ms INTEGER;
ALTER TABLE sales ADD COLUMN queued_ms INTEGER;
ALTER TABLE sales ADD COLUMN return_reason TEXT;
CREATE INDEX sales_referring ON sales (ref_sale) WHERE ref_sale IS NOT NULL;
CREATE INDEX sales_parked ON sales (no) WHERE parked_ms IS NOT NULL;
CREATE INDEX sales_queued ON sales (no) WHERE queued_ms IS NOT NULL;
CREATE TABLE vouchers (
    no INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, line INTEGER NOT NULL UNIQUE, minor INTEGER NOT NULL, cur TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'revoked')), expires_ms INTEGER
) STRICT;
CREATE INDEX attempts_by_voucher ON attempts (reference) WHERE tender = 'voucher';
CREATE TABLE postings (
    event INTEGER NOT NULL, account TEXT NOT NULL, minor INTEGER NOT NULL, PRIMARY KEY (event, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX postings_owed ON postings (account, event, minor) WHERE account IN ('customer', 'vouchers', 'vouchers:spent');
CREATE TABLE shifts (
    no INTEGER PRIMARY KEY, opened_event INTEGER, opened_ms INTEGER, closed_event INTEGER, closed_ms INTEGER, checkpoint TEXT
) STRICT;
CREATE TABLE drawer_moves (
    event INTEGER PRIMARY KEY, way TEXT NOT NULL CHECK (way IN ('float', 'in', 'out', 'count')), minor INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '', at_ms INTEGER NOT NULL, salt BLOB, sealed BLOB
) STRICT;
ALTER TABLE staff ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
CREATE TABLE devices (
    no INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, name TEXT NOT NULL, enrolled_ms INTEGER NOT NULL, ended_ms INTEGER
) STRICT;
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY, staff INTEGER NOT NULL REFERENCES staff (no), device INTEGER REFERENCES devices (no),
    begun_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, locked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE tries (who TEXT PRIMARY KEY, tries INTEGER NOT NULL, locked_until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE enrolments (
    digest BLOB PRIMARY KEY, made_ms INTEGER NOT NULL, until_ms INTEGER, once INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE print_jobs (
    no INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('receipt', 'z', 'test', 'drawer')), subject INTEGER,
    state TEXT NOT NULL CHECK (state IN ('asked', 'begun', 'done', 'failed', 'unclear')), copy INTEGER NOT NULL DEFAULT 0,
    event INTEGER, asked_by INTEGER, asked_on INTEGER, asked_ms INTEGER NOT NULL, ended_ms INTEGER, answer TEXT
) STRICT;
CREATE INDEX print_jobs_of ON print_jobs (subject) WHERE subject IS NOT NULL;
CREATE TABLE printer (
    id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL CHECK (state IN ('ready', 'attention', 'lost')),
    sentence TEXT NOT NULL, auto INTEGER NOT NULL, drawer INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX print_jobs_waiting ON print_jobs (no) WHERE state IN ('asked', 'begun');
ALTER TABLE exceptions ADD COLUMN seen_event INTEGER;
ALTER TABLE exceptions ADD COLUMN seen_by TEXT;
CREATE INDEX exceptions_unseen ON exceptions (no) WHERE seen_event IS NULL;
CREATE INDEX exceptions_seen ON exceptions (seen_event) WHERE seen_event IS NOT NULL;
CREATE INDEX exceptions_begun ON exceptions (no) WHERE kind = 'epoch';
CREATE TABLE reasons (event INTEGER PRIMARY KEY, salt BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
ALTER TABLE attempts ADD COLUMN paid_event INTEGER;
CREATE INDEX attempts_paid ON attempts (paid_event) WHERE paid_event IS NOT NULL;
CREATE INDEX attempts_stored ON attempts (no) WHERE settlement = 'stored';
CREATE INDEX attempts_lost ON attempts (no) WHERE settlement = 'declined_late';
CREATE INDEX sales_receipt ON sales (receipt_event) WHERE receipt_event IS NOT NULL;
ALTER TABLE day_ends ADD COLUMN upto INTEGER;
ALTER TABLE day_ends ADD COLUMN ours_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE day_ends ADD COLUMN ours_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE day_ends ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE day_ends ADD COLUMN ties INTEGER NOT NULL DEFAULT 1;
ALTER TABLE day_ends ADD COLUMN seen_event INTEGER;
ALTER TABLE day_ends ADD COLUMN seen_by TEXT;
CREATE INDEX day_ends_upto ON day_ends (upto);
CREATE INDEX day_ends_apart ON day_ends (upto) WHERE ties = 0 AND seen_event IS NULL;
CREATE INDEX day_ends_seen ON day_ends (seen_event) WHERE seen_event IS NOT NULL;
ALTER TABLE reader_jobs ADD COLUMN begun_event INTEGER;
ALTER TABLE reader_jobs ADD COLUMN begun_attempt INTEGER;
ALTER TABLE reader_jobs ADD COLUMN begun_ms INTEGER;
ALTER TABLE reader_jobs ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
CREATE INDEX reader_jobs_waiting ON reader_jobs (reader) WHERE state IN ('asked', 'begun');
CREATE INDEX reader_jobs_cut ON reader_jobs (no) WHERE cut = 1;
INSERT INTO shifts (no) VALUES (1);
"""

#: What buyers see. `preview_w` and `preview_h`: the small picture of a file (previews.py), in pixels; absent where there is none.
#: `accent`: the colour of a pack's cover as six hex digits, before it is corrected for a page; absent where no colour stands out.
#: `lang`: the language its title and words are in (BCP 47); absent where nobody said.
BUYERS = """
ALTER TABLE files ADD COLUMN preview_w INTEGER;
ALTER TABLE files ADD COLUMN preview_h INTEGER;
ALTER TABLE packs ADD COLUMN accent TEXT;
ALTER TABLE packs ADD COLUMN lang TEXT;
"""

#: Packs and papers. `closing`: the event that tells of the creator's closing statement of a drop, `closing_document` that
#: statement; absent while it is not closed. `countersigned`: the same certificate as its creator signed it; absent while nobody did.
#: An owner slip is a kind of print job more; `owner_slips`: the settings want one with every numbered sale.
#: `zip_key` names a pack's ZIP by what its bytes follow from (wire/pack.py); of packs from before it is their SHA-256. `snippet`: how
#: the file ends that holds a short taste of a song or a film (snippets.py), `snippet_s` how long it lasts (s); absent where there is none.
PAPERS = """
ALTER TABLE drops ADD COLUMN closing INTEGER;
ALTER TABLE drops ADD COLUMN closing_document INTEGER REFERENCES documents (no);
ALTER TABLE certificates ADD COLUMN countersigned TEXT;
CREATE TABLE print_jobs_wider (
    no INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('receipt', 'z', 'test', 'drawer', 'owner')), subject INTEGER,
    state TEXT NOT NULL CHECK (state IN ('asked', 'begun', 'done', 'failed', 'unclear')), copy INTEGER NOT NULL DEFAULT 0,
    event INTEGER, asked_by INTEGER, asked_on INTEGER, asked_ms INTEGER NOT NULL, ended_ms INTEGER, answer TEXT
) STRICT;
INSERT INTO print_jobs_wider SELECT no, kind, subject, state, copy, event, asked_by, asked_on, asked_ms, ended_ms, answer FROM print_jobs;
DROP TABLE print_jobs;
ALTER TABLE print_jobs_wider RENAME TO print_jobs;
CREATE INDEX print_jobs_of ON print_jobs (subject) WHERE subject IS NOT NULL;
CREATE INDEX print_jobs_waiting ON print_jobs (no) WHERE state IN ('asked', 'begun');
ALTER TABLE printer ADD COLUMN owner_slips INTEGER NOT NULL DEFAULT 0;
ALTER TABLE packs RENAME COLUMN zip_sha256 TO zip_key;
ALTER TABLE files ADD COLUMN snippet TEXT;
ALTER TABLE files ADD COLUMN snippet_s INTEGER;
"""


def event_id(epoch_no: int, seq: int) -> int:
    """Pack an event's place into one key that grows with the journal."""
    return epoch_no << 40 | seq


def event_seq(event: int) -> int:
    """The event's number within its epoch."""
    return event & ((1 << 40) - 1)


def event_epoch_no(event: int) -> int:
    """The number of the epoch an event belongs to."""
    return event >> 40


def tile_id(epoch_no: int, level: int, index: int) -> int:
    """Pack the place of 256 hashes: each over 256^level events; 5 levels hold every event there can be."""
    return epoch_no << 40 | level << 36 | index


def line_id(sale: int, n: int) -> int:
    """Pack a line's place (0..255) within its sale."""
    return sale << 8 | n


def number_id(drop_no: int, number: int) -> int:
    """Pack an edition number (1..2^20-1) with its drop."""
    return drop_no << 20 | number


def edition_number(number: int) -> int:
    """The edition number within its drop."""
    return number & ((1 << 20) - 1)


def claim_id(sale: int, issue: int) -> int:
    """Pack the issue number (0..255) of a sale's claim code."""
    return sale << 8 | issue


def file_id(pack: int, n: int) -> int:
    """Pack a file's place (0..65535) within its pack; 65535 is the pack's ZIP."""
    return pack << 16 | n


#: States of an edition number; frozen = leased to an earlier epoch and never sold.
FREE, HELD, SOLD, VOID, FROZEN = range(5)

#: Place of the whole-pack ZIP among a pack's files.
ZIP = 0xFFFF

"""`stall verify` as a stranger uses it: files of one sale on a disk, and what is said of each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from stall.cli import main
from stall.creator import delegations
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.wire import b64, certificate, event, jws, keys, lease, merkle, note, ownercode, receipt
from stall.wire.event import Event
from tests.creator.conftest import DAY_S, NOW_S
from tests.creator.test_what_papers_prove import receipt_claims

BOX = keys.SigningKey.from_seed(bytes([1]) * 32)
CLOUD = keys.SigningKey.from_seed(bytes([2]) * 32)
EPOCH = bytes(16)
ORIGIN = note.origin(BOX.thumbprint, EPOCH)
CLOUD_NAME = f"stall.example/cloud/{CLOUD.thumbprint[:12]}"

Told = dict[str, dict[str, Any]]


def day(seconds: int, form: str = "%Y-%m-%d") -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


@dataclass
class Desk:
    """A folder of papers, and the command."""

    folder: Path
    creator: Creator
    pack: BuiltPack
    capsys: pytest.CaptureFixture[str]

    def put(self, name: str, content: str | bytes | dict[str, Any]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def box(self, now_s: int = NOW_S, name: str = "box.jws") -> str:
        token = delegations.delegate(self.creator, BOX.did, "box", now_s=now_s)
        self.put(name, token)
        return token

    def cloud(self, now_s: int = NOW_S) -> None:
        self.put("cloud.jws", delegations.delegate(self.creator, CLOUD.did, "cloud", now_s=now_s, caps=("cosign",)))

    def sold(self, name: str = "receipt.jws", **changes: Any) -> str:
        plain = receipt_claims(**changes)
        for item in plain["items"]:
            item["man"] = self.pack.manifest_hash
        token = jws.sign(BOX, receipt.RECEIPT, plain)
        self.put(name, token)
        return token

    def certified(self, sold: str, chain: str, name: str = "certificate.json") -> dict[str, Any]:
        document = certificate.build(
            BOX, issuer_name="Fair box", id="00000000-0000-4000-8000-000000000001", valid_from_s=NOW_S + 90,
            creator=self.creator.did, drop="night-prints", title="Night Prints", manifest=self.pack.manifest_hash,
            receipt=jws.token_hash(sold), settlement="settled", licence=self.pack.manifest.drop.licence, edition=7,
            edition_size=50, delegation=chain,
        )  # fmt: skip
        self.put(name, document)
        return document

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        files = [str(self.folder / one) if isinstance(one, str) and "." in one else str(one) for one in arguments]
        with pytest.raises(SystemExit) as ended:
            main(["verify", *files])
        code = ended.value.code
        said = self.capsys.readouterr()
        assert isinstance(code, int)
        return code, said.out + said.err

    def told(self, *arguments: str | Path) -> Told:
        return {one["file"]: one for one in json.loads(self.run(*arguments, "--json")[1])["papers"]}


@pytest.fixture
def desk(
    tmp_path: Path,
    own_creator: Creator,
    folder: Path,
    build: Callable[..., BuiltPack],
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    pack = build(folder, signer=own_creator)
    made = Desk(tmp_path / "desk", own_creator, pack, capsys)
    made.put("manifest.jws", pack.token)
    return made


def words(one: dict[str, Any]) -> str:
    return " ".join(one["says"])


# a day


def test_a_day_is_the_whole_day_and_a_time_is_that_moment(desk: Desk) -> None:
    desk.box(NOW_S)
    assert desk.run("box.jws", "--as-of", day(NOW_S))[0] == 0
    assert desk.run("box.jws", "--as-of", day(NOW_S - DAY_S))[0] == 1
    assert desk.run("box.jws", "--as-of", day(NOW_S + 120 * DAY_S))[0] == 1
    for seconds, code in ((NOW_S - 1, 1), (NOW_S, 0)):
        assert desk.run("box.jws", "--as-of", day(seconds, "%Y-%m-%dT%H:%M:%SZ"))[0] == code


def test_neither_day_nor_time_is_a_usage_error(desk: Desk) -> None:
    desk.box()
    assert desk.run("box.jws", "--as-of", "yesterday")[0] == 2


# over


def test_what_was_in_force_when_papers_were_signed_fails_nobody_a_year_later(desk: Desk) -> None:
    sold = desk.sold()
    desk.certified(sold, desk.box())
    with ZipFile(desk.folder / "papers.zip", "w") as papers:
        for name in ("receipt.jws", "box.jws", "manifest.jws", "certificate.json"):
            papers.write(desk.folder / name, name)
    code, said = desk.run("papers.zip", "--as-of", day(NOW_S + 365 * DAY_S))
    assert code == 0, said
    assert said.count("It was in force when these were signed; over since ") == 2


def test_what_is_over_and_was_needed_by_nothing_beside_it_fails_still(desk: Desk) -> None:
    desk.box()
    desk.sold(iat=NOW_S + 200 * DAY_S)
    told = desk.told("box.jws", "receipt.jws", "manifest.jws", "--as-of", day(NOW_S + 365 * DAY_S))
    assert (told["box.jws"]["code"], told["manifest.jws"]["code"]) == ("verify-over", "verify-over")
    assert told["receipt.jws"]["code"] == "delegation-time"


def test_an_older_delegation_beside_the_one_that_counts_is_no_fault(desk: Desk) -> None:
    desk.box(NOW_S - 130 * DAY_S, "older.jws")
    desk.box()
    desk.sold()
    code, said = desk.run("older.jws", "box.jws", "receipt.jws", "--as-of", day(NOW_S + 365 * DAY_S))
    assert code == 0, said
    assert "Another of its kind beside it counts for these; this one is over since" in said


# the delegation of that time


def journal(desk: Desk, sold: str, certified: dict[str, Any] | None = None, seen_s: int | None = None) -> None:
    """A journal in which one number is leased and sold, and a certificate written, that a cloud may have seen."""
    tried = {"attempt": 1, "sale": 1, "kind": "pay", "tender": "card", "minor": 450, "cur": "EUR"}
    facts: list[tuple[str, dict[str, Any]]] = [
        ("epoch", {"parent": None}),
        ("lease", {"jti": b64.encode(EPOCH), "drop": "night-prints", "ranges": [[1, 9]]}),
        *(("attempt", tried | {"state": state}) for state in ("requested", "sent", "approved")),
        ("attempt", tried | {"state": "paid", "receipt": sold}),
    ]
    if certified is not None:
        facts.append(("certificate", {"sale": 1, "line": 0, "drop": "night-prints", "ed": 7, "hash": certificate.digest(certified)}))  # fmt: skip
    coded = [
        event.encode(Event(b64.encode(EPOCH), seq, kind, (NOW_S + 50) * 1000 + seq, "ntp", body))
        for seq, (kind, body) in enumerate(facts)
    ]
    leaves = [merkle.leaf_hash(data) for data in coded]
    text = note.sign(BOX, ORIGIN, note.Checkpoint(ORIGIN, len(leaves), merkle.root_of(leaves)).body())
    if seen_s is not None:
        text = note.cosign(CLOUD, CLOUD_NAME, text, seen_s)
    lines: list[dict[str, Any]] = [
        {"type": "checkpoint", "box": BOX.did, "epoch": b64.encode(EPOCH), "epochs": 1, "note": text}
    ]
    for seq, data in enumerate(coded):
        proof = [b64.encode(one) for one in merkle.inclusion_proof(seq, leaves)]
        lines.append({"type": "event", "seq": seq, "bytes": b64.encode(data), "proof": proof})
    desk.put("journal.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def test_with_a_later_delegation_only_the_one_of_that_time_is_asked_for_by_receipt_and_journal_alike(
    desk: Desk,
) -> None:
    journal(desk, desk.sold(seq=5))
    desk.box(NOW_S + DAY_S)
    told = desk.told("receipt.jws", "journal.jsonl", "box.jws")
    for name in ("receipt.jws", "journal.jsonl"):
        assert (told[name]["code"], told[name]["verdict"]) == ("verify-needs-delegation", "unknown")
        assert "/keys.json" in words(told[name])
        assert "new one" not in words(told[name])
    desk.box(NOW_S, "older.jws")
    assert desk.run("receipt.jws", "journal.jsonl", "box.jws", "older.jws")[0] == 0


def test_a_receipt_from_after_its_delegation_is_refused_as_its_journal_is(desk: Desk) -> None:
    journal(desk, desk.sold(seq=5))
    desk.box(NOW_S - 130 * DAY_S)
    told = desk.told("receipt.jws", "journal.jsonl", "box.jws")
    assert {told[name]["code"] for name in ("receipt.jws", "journal.jsonl")} == {"delegation-time"}


# altered


def spoiled(token: str) -> str:
    """The same token with one brace of its claims changed."""
    head, payload, signature = token.split(".")
    data = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    data[-1] = ord("x")
    return f"{head}.{b64.encode(bytes(data))}.{signature}"


def test_claims_that_are_no_json_any_more_were_altered(desk: Desk) -> None:
    desk.put("manifest.jws", spoiled(desk.pack.token))
    desk.put("bad.jws", spoiled(desk.box()))
    desk.put("receipt.jws", spoiled(desk.sold()))
    told = desk.told("manifest.jws", "bad.jws", "receipt.jws", "box.jws")
    assert {told[name]["code"] for name in ("manifest.jws", "bad.jws", "receipt.jws")} == {"token-bad-signature"}
    alone = desk.told("receipt.jws")["receipt.jws"]
    assert (alone["code"], alone["verdict"]) == ("verify-altered", "invalid")


@pytest.mark.parametrize("at", [0, 1, 2])
def test_any_changed_letter_of_a_token_is_told_as_altered(desk: Desk, at: int) -> None:
    parts = desk.box().split(".")
    for place in (4, len(parts[at]) // 2, len(parts[at]) - 1):
        changed = list(parts)
        letter = "A" if parts[at][place] != "A" else "B"
        changed[at] = parts[at][:place] + letter + parts[at][place + 1 :]
        desk.put("bad.jws", ".".join(changed))
        told = desk.told("bad.jws", "manifest.jws")["bad.jws"]
        assert "altered" in words(told), (place, told)


def test_a_token_whose_issuer_was_altered_is_told_as_altered(desk: Desk) -> None:
    head, payload, signature = desk.box().split(".")
    data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(b"did:key:z6Mk", b"did:key:z6Mj")
    desk.put("bad.jws", f"{head}.{b64.encode(data)}.{signature}")
    assert desk.told("bad.jws")["bad.jws"]["code"] == "verify-altered"


# cut off


def test_a_cut_off_certificate_or_journal_is_malformed_and_not_too_deep(desk: Desk) -> None:
    sold = desk.sold(seq=5)
    desk.certified(sold, desk.box())
    journal(desk, sold)
    for name in ("certificate.json", "journal.jsonl"):
        whole = (desk.folder / name).read_bytes()
        desk.put(f"cut-{name}", whole[: len(whole) - 40])
        told = desk.told(f"cut-{name}")[f"cut-{name}"]
        assert told["code"] == "json-malformed"
        assert "cut off" in words(told)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:60],
        lambda token: token[: len(token) // 2],
        lambda token: token[:-20],
        lambda token: token[:70] + "\r\n" + token[70:],
        lambda token: "\ufeff" + token,
    ],
    ids=["head", "half", "end", "lines", "mark"],
)
def test_a_token_cut_off_or_broken_is_incomplete(desk: Desk, spoil: Callable[[str], str]) -> None:
    desk.put("bad.jws", spoil(desk.box()))
    assert desk.told("bad.jws")["bad.jws"]["code"] == "verify-incomplete"


# other sales, journals as proofs


def test_papers_of_two_sales_do_not_belong_together(desk: Desk) -> None:
    chain = desk.box()
    desk.certified(desk.sold(), chain)
    desk.sold("other.jws", jti=b64.encode(bytes([9]) * 16), seq=13)
    told = desk.told("certificate.json", "other.jws", "box.jws")
    assert all("do not belong together" in words(told[name]) for name in ("certificate.json", "other.jws"))
    assert "belong together" not in desk.run("certificate.json", "receipt.jws", "other.jws", "box.jws")[1]


def test_an_exported_journal_the_creators_cloud_saw_makes_its_certificates_final(desk: Desk) -> None:
    sold = desk.sold(seq=5)
    document = desk.certified(sold, desk.box())
    desk.cloud()
    journal(desk, sold, document)
    assert desk.told("certificate.json", "journal.jsonl", "cloud.jws")["certificate.json"]["reason"] != "final-log"
    journal(desk, sold, document, NOW_S + 200)
    told = desk.told("certificate.json", "journal.jsonl", "cloud.jws")["certificate.json"]
    assert (told["grade"], told["reason"]) == ("VALID-FINAL", "final-log")
    assert any(line.startswith("Final. It stood in the box's journal") for line in told["says"])
    desk.put("journal.jsonl", (desk.folder / "journal.jsonl").read_bytes().rsplit(b"\n", 2)[0] + b"\n")
    assert desk.told("certificate.json", "journal.jsonl", "cloud.jws")["certificate.json"]["reason"] != "final-log"


# what is said


def test_a_receipt_names_the_copies_of_an_open_drop(desk: Desk) -> None:
    item = {"drop": "night-prints", "man": b64.encode(bytes(32)), "qty": 2, "cur": "EUR", "minor": 450, "vat": 1900}
    desk.put("receipt.jws", jws.sign(BOX, receipt.RECEIPT, receipt_claims(items=[item])))
    desk.box()
    assert "It bought 2 copies of night-prints." in desk.run("receipt.jws", "box.jws")[1]


def test_files_of_one_name_are_told_apart_and_unreadable_ones_keep_their_place(desk: Desk) -> None:
    desk.box(name="one/paper.jws")
    desk.put("two/paper.jws", "hello")
    desk.box()
    told = desk.told("two/paper.jws", "one/paper.jws", "box.jws")
    assert list(told) == [str(desk.folder / "two/paper.jws"), str(desk.folder / "one/paper.jws"), "box.jws"]


def test_a_creator_named_wrongly_is_told_by_the_option(desk: Desk) -> None:
    desk.box()
    code, said = desk.run("box.jws", "--creator-did", "nonsense")
    assert code == 2
    assert "--creator-did" in said
    assert "“nonsense” is no creator" in said


def test_what_a_delegate_may_sign_is_said_in_words(desk: Desk) -> None:
    desk.cloud()
    assert "may sign what it saw of boxes' journals for all drops" in desk.run("cloud.jws")[1]


def test_a_secret_is_named_and_warned_of(desk: Desk) -> None:
    (desk.folder / "creator.key").write_bytes((desk.creator.folder / "creator.key").read_bytes())
    desk.put("sheet.txt", "RECOVERY SHEET of Ada\n")
    desk.put("owner.code", ownercode.encode(bytes(16)))
    for one in desk.told("creator.key", "sheet.txt", "owner.code").values():
        assert one["code"] == "verify-secret"
        assert "hand it to nobody" in words(one)


def test_what_only_lacks_another_paper_is_not_called_invalid(desk: Desk) -> None:
    desk.sold()
    token = lease.sign(
        CLOUD,
        lease.parse(
            {"iss": CLOUD.thumbprint, "sub": BOX.thumbprint, "jti": b64.encode(EPOCH), "iat": NOW_S, "exp": NOW_S + DAY_S,
             "drop": "night-prints", "man": desk.pack.manifest_hash, "epoch": b64.encode(EPOCH), "lease_seq": 1, "ranges": [[1, 3]]}
        ),
    )  # fmt: skip
    desk.put("lease.jws", token)
    code, said = desk.run("receipt.jws", "lease.jws")
    assert code == 1
    assert "receipt, CANNOT BE TOLD [verify-needs-delegation]" in said
    assert "lease, CANNOT BE TOLD [verify-needs-creator]" in said
    told = desk.told("receipt.jws", "manifest.jws")
    assert [(one["ok"], one["grade"], one["verdict"]) for one in told.values()] == [
        (False, None, "unknown"),
        (True, "VALID", "valid"),
    ]

"""No number is leased twice: not to two boxes, not to two lives of one box, not by two programs at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.creator import delegations, keyring, leases, ledger, ranges
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.errors import Broken, Refused, WireError
from stall.wire import b64, lease, manifest
from stall.wire.keys import SigningKey
from stall.wire.lease import Lease

NOW_S = 1_795_000_000
BOXES = [SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3)]
A, B = BOXES[0].thumbprint, BOXES[1].thumbprint
LIVES = [b64.encode(bytes([n]) * 16) for n in (1, 2, 3)]
ONE, TWO, THREE = LIVES

Issue = Callable[..., Lease]


@pytest.fixture
def pack(own_creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> BuiltPack:
    """A drop of twenty, signed by the test's own creator."""
    return build(folder, signer=own_creator, edition=20)


@pytest.fixture
def issue(own_creator: Creator, pack: BuiltPack) -> Issue:
    """Issue a lease of that drop and read it back as a box would."""

    def make(box: str, epoch: str, **how: object) -> Lease:
        token = leases.issue(own_creator, pack.token, box, epoch, now_s=NOW_S, **how)  # type: ignore[arg-type] # as given
        return lease.verify(token, {own_creator.key.thumbprint: own_creator.key.public})

    return make


def code_of(refused: Callable[[], object]) -> str:
    with pytest.raises(Refused) as raised:
        refused()
    return raised.value.code


def test_boxes_get_the_lowest_free_numbers_and_none_twice(issue: Issue, pack: BuiltPack) -> None:
    first, second = issue(A, ONE, count=8), issue(B, TWO, count=8)
    assert (first.ranges, second.ranges) == (((1, 8),), ((9, 16),))
    assert (first.man, first.drop, first.sub, first.epoch) == (pack.manifest_hash, "night-prints", A, ONE)
    assert first.exp - first.iat == 30 * 86_400


def test_named_numbers_are_leased_and_the_count_comes_on_top(issue: Issue) -> None:
    assert issue(A, ONE, numbers=[(20, 20), (5, 7)], count=3).ranges == ((1, 3), (5, 7), (20, 20))


def test_each_lease_of_a_box_outranks_the_one_before(issue: Issue) -> None:
    assert [issue(A, ONE, count=1).lease_seq for _ in range(3)] == [1, 2, 3]
    assert issue(B, TWO, count=1).lease_seq == 1


def test_more_than_are_free_are_refused_with_the_number_that_are(issue: Issue) -> None:
    issue(A, ONE, count=18)
    with pytest.raises(Refused, match="2 are free") as refused:
        issue(B, TWO, count=3)
    assert refused.value.code == "lease-too-few"
    assert issue(B, TWO, count=2).ranges == ((19, 20),)
    with pytest.raises(Refused, match=r"0 are free.*--again NUMBERS"):
        issue(B, TWO, count=1)


def test_taken_numbers_and_numbers_beyond_the_edition_are_refused_by_name(issue: Issue) -> None:
    issue(A, ONE, numbers=[(3, 5)])
    with pytest.raises(Refused, match="4-5") as refused:
        issue(B, TWO, numbers=[(4, 6)])
    assert refused.value.code == "lease-taken"
    assert code_of(lambda: issue(A, ONE, numbers=[(20, 21)])) == "lease-taken"
    assert code_of(lambda: issue(A, ONE)) == "lease-count"


def test_a_refused_lease_leaves_no_trace(issue: Issue, own_creator: Creator) -> None:
    assert code_of(lambda: issue(A, ONE, count=99)) == "lease-too-few"
    with ledger.opened(own_creator.folder) as book:
        assert book.leases("night-prints") == []


def test_a_new_life_of_a_box_gets_new_numbers_and_the_old_ones_stay_frozen(issue: Issue) -> None:
    issue(A, ONE, count=5)
    assert issue(A, TWO, count=5).ranges == ((6, 10),)


def test_frozen_numbers_come_back_only_when_they_are_named_again(issue: Issue) -> None:
    issue(A, ONE, count=5)
    assert issue(A, TWO, again=[(4, 5)], count=1).ranges == ((4, 6),)
    assert issue(A, TWO, again=[(5, 5)]).ranges == ((5, 5),)  # the box had sold 4, and took none of that lease
    assert code_of(lambda: issue(A, TWO, again=[(7, 7)])) == "lease-not-frozen"
    assert issue(A, THREE, again=[(3, 3)]).ranges == ((3, 3),)


def test_another_boxs_numbers_cannot_be_named_again(issue: Issue) -> None:
    issue(B, TWO, count=5)
    assert code_of(lambda: issue(A, ONE, again=[(1, 1)])) == "lease-not-frozen"


def test_a_box_cannot_go_back_to_an_earlier_life(issue: Issue) -> None:
    issue(A, ONE, count=1)
    issue(A, TWO, count=1)
    assert code_of(lambda: issue(A, ONE, count=1)) == "lease-old-epoch"


def test_after_the_cloud_was_let_lease_the_creator_may_not(issue: Issue, own_creator: Creator) -> None:
    cloud = BOXES[2].did
    delegations.delegate(own_creator, cloud, "cloud", now_s=NOW_S, caps=["cosign", "lease"], drops=["night-prints"])
    assert code_of(lambda: issue(A, ONE, count=1)) == "lease-delegated"
    # A later delegation without the right takes nothing back that the cloud may still hold.
    delegations.delegate(own_creator, cloud, "cloud", now_s=NOW_S, caps=["cosign"])
    assert code_of(lambda: issue(A, ONE, count=1)) == "lease-delegated"


def test_leasing_another_drop_to_the_cloud_changes_nothing_here(issue: Issue, own_creator: Creator) -> None:
    delegations.delegate(own_creator, BOXES[2].did, "cloud", now_s=NOW_S, caps=["lease"], drops=["day-prints"])
    assert issue(A, ONE, count=1).numbers() == 1


def test_numbers_set_aside_for_a_box_go_to_no_other(own_creator: Creator, pack: BuiltPack) -> None:
    plain = manifest.claims(pack.manifest) | {
        "alloc": [{"box": A, "lo": 1, "hi": 15}, {"box": "*", "lo": 16, "hi": 18}]
    }
    token = manifest.sign(own_creator.key, manifest.parse(plain))

    def ranges_for(box: str, count: int) -> tuple[tuple[int, int], ...]:
        made = leases.issue(own_creator, token, box, ONE if box == A else TWO, now_s=NOW_S, count=count)
        return lease.verify(made, {own_creator.key.thumbprint: own_creator.key.public}).ranges

    assert ranges_for(B, 5) == ((16, 20),)
    assert code_of(lambda: ranges_for(B, 1)) == "lease-too-few"
    assert ranges_for(A, 15) == ((1, 15),)


def test_open_editions_foreign_and_ended_manifests_are_refused(
    own_creator: Creator, creator: Creator, folder: Path, build: Callable[..., BuiltPack]
) -> None:
    unnumbered = build(folder, signer=own_creator, edition=None).token
    assert code_of(lambda: leases.issue(own_creator, unnumbered, A, ONE, now_s=NOW_S, count=1)) == "lease-open-edition"
    mine = build(folder, signer=own_creator).token
    later = NOW_S + 31 * 86_400
    assert code_of(lambda: leases.issue(own_creator, mine, A, ONE, now_s=later, count=1)) == "lease-manifest-over"
    with pytest.raises(WireError):
        leases.issue(own_creator, build(folder, signer=creator).token, A, ONE, now_s=NOW_S, count=1)


def test_a_torn_last_line_is_forgotten_for_its_lease_was_never_handed_out(issue: Issue, own_creator: Creator) -> None:
    issue(A, ONE, count=2)
    path = own_creator.folder / ledger.FILE
    whole = path.read_bytes()
    issue(B, TWO, count=2)
    path.write_bytes(path.read_bytes()[:-7])
    assert issue(B, TWO, count=2).ranges == ((3, 4),)
    assert path.read_bytes().startswith(whole)
    assert path.read_bytes().count(b"\n") == 3  # the drop's manifest, the first lease, the third
    assert issue(B, TWO, count=2).ranges == ((5, 6),)


@pytest.mark.parametrize("line", [b"{}", b"garbage", b'{"kind":"lease"}', b""])
def test_a_damaged_ledger_stops_everything(issue: Issue, own_creator: Creator, line: bytes) -> None:
    issue(A, ONE, count=2)
    path = own_creator.folder / ledger.FILE
    path.write_bytes(line + b"\n" + path.read_bytes())
    with pytest.raises(Broken, match="Line 1") as refused:
        issue(B, TWO, count=2)
    assert refused.value.code == "ledger-damaged"


def test_the_ledger_is_the_owners_alone_and_holds_each_document_once(issue: Issue, own_creator: Creator) -> None:
    issue(A, ONE, count=2)
    path = own_creator.folder / ledger.FILE
    assert path.stat().st_mode & 0o777 == 0o600
    manifest_row, row = map(json.loads, path.read_text().splitlines())
    assert (manifest_row["kind"], manifest_row["ver"]) == ("manifest", 1)
    assert (row["kind"], row["ranges"], row["token"].count(".")) == ("lease", [[1, 2]], 2)


LEASER = """
import sys
from pathlib import Path
from stall.creator import keyring, leases
creator = keyring.load(Path(sys.argv[1]))
token = Path(sys.argv[2]).read_text()
print("ready", flush=True)
sys.stdin.readline()
for _ in range(8):
    print(leases.issue(creator, token, sys.argv[3], sys.argv[4], now_s=int(sys.argv[5]), count=1))
"""


def test_two_programs_at_once_lease_no_number_twice(own_creator: Creator, pack: BuiltPack, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(pack.token)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", LEASER, own_creator.folder, tmp_path / "token", box, epoch, str(NOW_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for box, epoch in ((A, ONE), (B, TWO))
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    tokens = [line for process in running for line in process.communicate(timeout=60)[0].split()]
    trusted = {own_creator.key.thumbprint: own_creator.key.public}
    numbers = [low for token in tokens for low, _high in lease.verify(token, trusted).ranges]
    assert sorted(numbers) == list(range(1, 17))


steps = st.tuples(st.integers(0, 2), st.booleans(), st.integers(1, 6))


@settings(max_examples=40)
@given(moves=st.lists(steps, max_size=12))
def test_whatever_the_order_no_number_is_ever_leased_twice(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, bool, int]]
) -> None:
    creator = keyring.new(tmp_path_factory.mktemp("many") / "ada", "Ada")
    token = manifest.sign(creator.key, small_drop(creator.did))
    taken: list[int] = []
    life = [0, 0, 0]
    for box, begins_anew, count in moves:
        life[box] += begins_anew
        epoch = b64.encode(bytes([box, life[box]]) * 8)
        ask = partial(leases.issue, creator, token, BOXES[box].thumbprint, epoch, now_s=NOW_S, count=count)
        if len(taken) + count > 20:
            assert code_of(ask) == "lease-too-few"
            continue
        made = ask()
        for low, high in lease.verify(made, {creator.key.thumbprint: creator.key.public}).ranges:
            taken += range(low, high + 1)
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(range(1, 21))


def small_drop(did: str) -> manifest.Manifest:
    file = {"path": "a", "size": 1, "sha256": "0" * 64, "type": "text/plain"}
    drop = {"id": "small", "title": "Small", "kind": "limited", "edition": 20, "licence": "x"}
    window = {"window": {"nbf": NOW_S, "exp": NOW_S + 100}}
    claims = {"iss": did, "jti": b64.encode(bytes(16)), "iat": NOW_S, "exp": NOW_S + 100, "ver": 1}
    return manifest.parse({**claims, "drop": drop | window, "price": [], "files": [file]})


numbers = st.sets(st.integers(1, 60))


def as_ranges(values: set[int]) -> list[ranges.Range]:
    return ranges.joined((value, value) for value in values)


def as_numbers(some: list[ranges.Range]) -> set[int]:
    return {number for low, high in some for number in range(low, high + 1)}


@given(numbers, numbers)
def test_ranges_subtract_like_sets(one: set[int], other: set[int]) -> None:
    assert as_numbers(ranges.without(as_ranges(one), as_ranges(other))) == one - other


@given(numbers, st.integers(0, 70))
def test_the_first_of_ranges_are_the_lowest_numbers(one: set[int], count: int) -> None:
    assert as_numbers(ranges.first(as_ranges(one), count)) == set(sorted(one)[:count])


@given(numbers.filter(bool))
def test_ranges_are_read_as_they_are_written(one: set[int]) -> None:
    assert ranges.parse(ranges.text(as_ranges(one))) == as_ranges(one)


@pytest.mark.parametrize("text", ["", "a", "0", "5-3", "1,,2", "1-2-3", "-4", "1,1", "1-5,3", "1.5", "٣"])
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    assert code_of(lambda: ranges.parse(text)) == "ranges-malformed"

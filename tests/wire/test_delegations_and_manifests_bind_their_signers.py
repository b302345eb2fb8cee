"""Who may sign what, when, and which manifest may follow which."""

from __future__ import annotations

from typing import Any

import pytest

from stall.errors import StallError, WireError
from stall.wire import delegation, jws, lease, manifest
from tests.wire import documents as doc


def code_of(error: pytest.ExceptionInfo[StallError]) -> str:
    return error.value.code


@pytest.mark.parametrize(
    ("cap", "drop", "at", "code"),
    [
        ("lease", "night-prints", doc.NOW, "delegation-cap"),
        ("cert", "day-prints", doc.NOW, "delegation-drop"),
        ("cert", "night-prints", doc.NOW - 1, "delegation-time"),
        ("cert", "night-prints", doc.NOW + 120 * doc.DAY + 1, "delegation-time"),
    ],
)
def test_a_delegation_is_good_for_what_it_says_only(cap: str, drop: str, at: int, code: str) -> None:
    given = delegation.parse(doc.delegation_claims())
    with pytest.raises(WireError) as caught:
        delegation.check_use(given, cap, drop, at)
    assert code_of(caught) == code


def test_a_delegation_holds_from_its_first_to_its_last_second() -> None:
    given = delegation.parse(doc.delegation_claims())
    for at in (doc.NOW, doc.NOW + 120 * doc.DAY):
        delegation.check_use(given, "receipt", "night-prints", at)
        delegation.check_use(given, "log", None, at)
    for_all = delegation.parse(doc.delegation_claims(drops=["*"]))
    delegation.check_use(for_all, "receipt", "any-drop", doc.NOW)


@pytest.mark.parametrize(
    ("module", "claims", "code"),
    [
        (manifest, doc.manifest_claims(), "manifest-wrong-signer"),
        (delegation, doc.delegation_claims(), "delegation-wrong-signer"),
        (lease, doc.lease_claims(), "lease-wrong-signer"),
    ],
    ids=["manifest", "delegation", "lease"],
)
def test_a_trusted_key_cannot_sign_in_the_name_of_another(module: Any, claims: doc.Claims, code: str) -> None:
    token = doc.forge(doc.CLOUD, module.TYP, claims)
    with pytest.raises(WireError) as caught:
        module.verify(token, doc.TRUSTED)
    assert code_of(caught) == code


def test_a_signer_the_creator_named_may_sign_manifests_of_its_drops() -> None:
    token = doc.forge(doc.SIGNER, manifest.TYP, doc.manifest_claims())
    rights: dict[str, Any] = {"role": "signer", "cap": ["manifest"], "max": None}
    named = delegation.parse(doc.delegation_to(doc.SIGNER, **rights))
    assert manifest.verify(token, doc.TRUSTED, named).iss == doc.CREATOR.did
    elsewhere = delegation.parse(doc.delegation_to(doc.SIGNER, **{**rights, "drops": ["other"]}))
    stranger = delegation.parse(doc.delegation_to(doc.STRANGER, **rights))
    foreign = delegation.parse(doc.delegation_to(doc.SIGNER, **rights, iss=doc.STRANGER.did))
    refused = {"manifest-wrong-signer": (stranger, foreign), "delegation-drop": (elsewhere,)}
    for code, wrong in ((code, wrong) for code, each in refused.items() for wrong in each):
        with pytest.raises(WireError) as caught:
            manifest.verify(token, doc.TRUSTED, wrong)
        assert code_of(caught) == code


OLD = manifest.parse(doc.manifest_claims())
OLD_TOKEN = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())


def following(**changes: Any) -> manifest.Manifest:
    return manifest.parse(doc.manifest_claims(**{"ver": 2, "prev": jws.token_hash(OLD_TOKEN), **changes}))


def test_a_later_version_with_the_same_or_a_smaller_edition_follows() -> None:
    for edition in (50, 49):
        manifest.check_successor(OLD, OLD_TOKEN, following(drop=doc.drop_claims(edition=edition)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"drop": doc.drop_claims(edition=51)}, "manifest-edition-grew"),
        ({"drop": doc.drop_claims(kind="open", edition=None)}, "manifest-edition-grew"),
        ({"drop": doc.drop_claims(id="day-prints")}, "manifest-other-drop"),
        ({"iss": doc.STRANGER.did}, "manifest-other-drop"),
        ({"ver": 1, "prev": None}, "manifest-not-newer"),
        ({"prev": doc.HASH}, "manifest-wrong-prev"),
        ({"ver": 3, "prev": doc.HASH}, "manifest-wrong-prev"),
    ],
)
def test_what_breaks_the_chain_does_not_follow(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(WireError) as caught:
        manifest.check_successor(OLD, OLD_TOKEN, following(**changes))
    assert code_of(caught) == code


def test_absent_limits_are_the_defaults_of_the_format() -> None:
    assert (OLD.limits.max_devices, OLD.limits.max_downloads, OLD.limits.code_ttl_s) == (5, 5, 86_400)


def test_an_expired_manifest_still_verifies() -> None:
    long_ago = doc.manifest_claims(iat=doc.NOW - 900 * doc.DAY, exp=doc.NOW - 500 * doc.DAY)
    assert manifest.verify(doc.forge(doc.CREATOR, manifest.TYP, long_ago), doc.TRUSTED).exp < doc.NOW


def test_a_pack_of_five_thousand_files_fits_and_one_more_does_not() -> None:
    files = [doc.file_claims(path=f"prints/{number:05}.png") for number in range(5001)]
    token = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(files=files[:5000]))
    assert len(manifest.verify(token, doc.TRUSTED).files) == 5000
    with pytest.raises(WireError) as caught:
        manifest.parse(doc.manifest_claims(files=files))
    assert code_of(caught) == "member-count"


def test_a_lease_counts_its_numbers() -> None:
    assert lease.parse(doc.lease_claims()).numbers() == 20


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x1b", "\x07"])
def test_a_title_cannot_turn_the_words_around_it(sign: str) -> None:
    claims = doc.manifest_claims(drop=doc.drop_claims(title=f"Night {sign}stnirp"))
    with pytest.raises(StallError) as caught:
        manifest.parse(claims)
    assert code_of(caught) == "member-form"

"""setup.sh's stamp: what makes it set up anew, what it never does twice, and what it says when it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.house.machine import Machine


@pytest.fixture
def machine(machine: Machine) -> Machine:
    machine.python("python3", "3.12.1")
    machine.command("git", "#!/bin/sh\n")
    machine.command("chromium", "#!/bin/sh\n")
    for tool in ("ruff", "mypy", "lint-imports"):
        machine.command(tool, "#!/bin/sh\n")
    return machine


def installs(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if call.startswith(("venv", "pip"))]


def test_demo_installs_the_runtime_lock_and_the_project_by_hash_and_without_a_build_tool(machine: Machine) -> None:
    machine.run("demo")
    venv, packages, project = installs(machine)
    assert venv == "venv"
    assert packages.endswith(f"--only-binary :all: --require-hashes -r {machine.project}/provisioning/requirements.txt")
    assert project.endswith(f"-e {machine.project} --no-deps --no-build-isolation")


def test_arguments_and_standard_output_belong_to_the_command_alone(machine: Machine) -> None:
    done = machine.run("demo", "--once", "--pack", "two words")
    assert done.stdout == "{}\n"
    assert machine.calls()[-1] == "stall demo --once --pack two words"


def test_a_second_run_starts_at_once(machine: Machine) -> None:
    machine.run("demo")
    machine.calls()
    done = machine.run("demo")
    assert installs(machine) == []
    assert done.stderr == ""


def test_the_test_lock_is_added_to_a_demo_environment_without_starting_over(machine: Machine) -> None:
    machine.run("demo")
    machine.calls()
    machine.run("test")
    packages, project = installs(machine)
    assert "requirements-test.txt" in packages
    assert "-e " in project


def test_the_fuzzer_is_added_to_the_environment_of_the_tests_once(machine: Machine) -> None:
    machine.command("cc", "#!/bin/sh\n")
    (machine.project / "provisioning/requirements-fuzz.txt").write_text("a==1 \\\n    --hash=sha256:00\n")
    machine.run("test")
    machine.calls()
    machine.run("bench", "fuzz")
    (packages,) = installs(machine)
    assert packages.endswith(f"--require-hashes -r {machine.project}/provisioning/requirements-fuzz.txt")
    machine.run("bench", "fuzz")
    machine.run("test")
    assert installs(machine) == []


def with_npm(machine: Machine) -> Path:
    """A stand-in npm, which makes its folder anew; gives that of the package."""
    folder = machine.project / "tests/interop/jose"
    folder.mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}\n")
    says = 'echo "npm $*" >>"$LOG"; rm -rf node_modules; mkdir node_modules; echo noise; echo noise >&2'
    machine.command("npm", f'#!/bin/sh\n{says}\n[ -z "${{NPM_FAILS:-}}" ]\n')
    return folder


def npm_calls(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if call.startswith("npm")]


def test_where_npm_is_the_test_run_installs_jose_without_scripts_and_only_once_for_a_lock(machine: Machine) -> None:
    folder = with_npm(machine)
    machine.run("demo")
    assert npm_calls(machine) == []
    done = machine.run("test")
    assert npm_calls(machine) == ["npm ci --ignore-scripts --no-audit --no-fund --silent"]
    assert "noise" not in done.stdout + done.stderr
    machine.run("test")
    assert npm_calls(machine) == []
    (folder / "package-lock.json").write_text("{ }\n")
    machine.run("test")
    assert len(npm_calls(machine)) == 1


def test_a_failing_npm_is_one_line_and_stops_nothing(machine: Machine) -> None:
    folder = with_npm(machine)
    machine.command("mypy", '#!/bin/sh\necho mypy >>"$LOG"\n')
    without = machine.run("test", NPM_FAILS="yes")
    assert [line for line in without.stderr.splitlines() if "jose" in line or "noise" in line] == [
        "stall: npm could not install jose: the test that reads our tokens with it will be skipped."
    ]
    assert "mypy" in machine.calls()
    assert not (folder / "node_modules").exists()
    machine.run("test")
    assert len(npm_calls(machine)) == 1


def test_after_test_a_demo_needs_nothing_more(machine: Machine) -> None:
    machine.run("test")
    machine.calls()
    machine.run("demo")
    assert installs(machine) == []


@pytest.mark.parametrize("changed", ["provisioning/requirements.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_file_sets_up_anew(machine: Machine, changed: str) -> None:
    machine.run("demo")
    machine.calls()
    with (machine.project / changed).open("a") as file:
        file.write("# changed\n")
    machine.run("demo")
    assert installs(machine)[0] == "venv"


def test_setting_up_anew_leaves_nothing_of_the_old_environment(machine: Machine) -> None:
    machine.run("demo")
    left_over = machine.project / ".venv/bin/of-another-time"
    left_over.touch()
    (machine.project / "provisioning/requirements.txt").write_text("b==2 \\\n    --hash=sha256:00\n")
    machine.run("demo")
    assert not left_over.exists()


def test_a_moved_folder_sets_up_anew(machine: Machine) -> None:
    machine.run("demo")
    machine.calls()
    moved = machine.project.with_name("elsewhere")
    machine.project.rename(moved)
    machine.project = moved
    assert machine.run("demo").returncode == 0
    assert installs(machine)[0] == "venv"


def test_another_interpreter_under_the_same_name_sets_up_anew(machine: Machine) -> None:
    machine.run("demo")
    machine.calls()
    machine.python("python3", "3.13.5")
    shutil.copy(machine.bin / "python3", machine.project / ".venv/bin/python")
    machine.run("demo")
    assert installs(machine)[0] == "venv"


def test_an_interrupted_set_up_is_done_again(machine: Machine) -> None:
    assert machine.run("demo", PIP_SAYS="killed").returncode == 1
    machine.calls()
    assert machine.run("demo").returncode == 0
    assert installs(machine)[0] == "venv"


def test_an_interrupted_addition_of_the_test_lock_leaves_no_valid_stamp(machine: Machine) -> None:
    machine.run("demo")
    machine.run("test", PIP_SAYS="killed")
    machine.calls()
    machine.run("demo")
    assert installs(machine)[0] == "venv"


@pytest.mark.parametrize(
    ("pip_says", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full. Make room and run this again."),
        ("NewConnectionError: Temporary failure in name resolution", "is this machine online?"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one the lock names"),
        ("SSLError: CERTIFICATE_VERIFY_FAILED certificate is not yet valid", "Is this machine's date right"),
        ("ERROR: something nobody has seen before", "pip could not install the packages"),
    ],
)
def test_a_failure_shows_what_pip_said_and_one_plain_line(machine: Machine, pip_says: str, sentence: str) -> None:
    done = machine.run("demo", PIP_SAYS=pip_says)
    assert done.returncode == 1
    assert pip_says in done.stderr
    assert sentence in done.stderr.splitlines()[-1]


def test_a_nearly_full_disk_is_refused_before_anything_is_made(machine: Machine) -> None:
    machine.command("df", "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity\necho disk 9 9 10240 99% /\n")
    done = machine.run("demo")
    assert done.returncode == 1
    assert "10 MiB are free" in done.stderr.splitlines()[-1]
    assert installs(machine) == []


def test_a_failed_check_is_named_at_the_end_and_the_others_still_run(machine: Machine) -> None:
    machine.command("ruff", '#!/bin/sh\n[ "$1" != check ]\n')
    machine.command("mypy", '#!/bin/sh\necho mypy >>"$LOG"\n')
    done = machine.run("test")
    assert done.returncode == 1
    assert "mypy" in machine.calls()
    assert "Style (ruff check)" in done.stderr.split("failed:")[1]
    assert "Types" not in done.stderr.split("failed:")[1]

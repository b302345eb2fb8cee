"""Checking PINs on many threads must not keep 19 MiB for each of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHECK = """
import threading
from pathlib import Path
from stall.box.memory import give_back_large_blocks
from stall.flows.staff_pin import HASHER, matches

def resident_kb():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))

if {wanted}:
    assert give_back_large_blocks()
kept = HASHER.hash("123456")
before = resident_kb()
gates = [threading.Event() for _ in range(6)]
done = threading.Barrier(7)
def work(gate):
    gate.wait()
    matches(kept, "000000")
    done.wait()
threads = [threading.Thread(target=work, args=(gate,)) for gate in gates]
for thread in threads:
    thread.start()
for gate in gates:
    gate.set()
done.wait()
print((resident_kb() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_six_threads_that_checked_a_pin_keep_next_to_nothing() -> None:
    said = subprocess.run([sys.executable, "-c", CHECK.format(wanted=True)], capture_output=True, text=True, check=True)
    assert int(said.stdout) < 10

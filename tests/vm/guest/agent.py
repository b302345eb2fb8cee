"""In the virtual machine: runs what the tests outside ask for, one line of JSON for each command and each answer.

Standard library only. Commands run beside one another, so a long one holds up nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any, BinaryIO

PORT = "/dev/virtio-ports/stall.agent"
LONGEST = 200_000


def main() -> None:
    """Say that the machine is up, and obey until it is not."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    with open(PORT, "r+b", buffering=0) as port:  # noqa: PTH123 - a device, not a file with a path of ours
        saying = threading.Lock()
        say(port, saying, {"hello": boot})
        waiting = b""
        while True:
            waiting += os.read(port.fileno(), 65536)
            *lines, waiting = waiting.split(b"\n")
            for line in lines:
                if line:
                    threading.Thread(target=obey, args=(port, saying, json.loads(line)), daemon=True).start()


def obey(port: BinaryIO, saying: threading.Lock, asked: dict[str, Any]) -> None:
    """Run one command and say how it ended."""
    try:
        done = subprocess.run(
            asked["run"],
            input=asked.get("input", "").encode(),
            capture_output=True,
            timeout=asked["within_s"],
            check=False,
            env={
                **os.environ,
                "HOME": "/root",
                "LANG": "C.UTF-8",
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                **asked.get("env", {}),
            },
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, out, err = 124, late.stdout or b"", (late.stderr or b"") + b"\nnot within its time"
    except OSError as error:
        code, out, err = 127, b"", str(error).encode()
    answer = {name: data[-LONGEST:].decode("utf-8", "replace") for name, data in (("out", out), ("err", err))}
    say(port, saying, {"id": asked["id"], "code": code, **answer})


def say(port: BinaryIO, saying: threading.Lock, words: dict[str, Any]) -> None:
    """Write one line whole: a port takes what fits."""
    data = memoryview(json.dumps(words).encode() + b"\n")
    with saying:
        while data:
            data = data[os.write(port.fileno(), data) :]


if __name__ == "__main__":
    main()

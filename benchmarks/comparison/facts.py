"""What a reader needs to know of the machine and of the programs that were measured."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from comparison.processes import ROOT, Failed, output
from comparison.tools import ALL

CPU_FLAGS = ("aes", "vaes", "vpclmulqdq", "sha_ni", "avx2", "avx512f", "gfni")


def cpu() -> tuple[str, list[str]]:
    model, flags = "", set[str]()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            model = value.strip()
        if name.strip() == "flags":
            flags = set(value.split())
    return model, [flag for flag in CPU_FLAGS if flag in flags]


def first_line(words: Iterable[object]) -> str:
    try:
        return output(list(words)).splitlines()[0].strip()
    except (Failed, OSError, IndexError):
        return "unknown"


def collect(scratch: Path) -> dict[str, str]:
    """Name -> value, in the order in which they are shown."""
    model, flags = cpu()
    memory = Path("/proc/meminfo").read_text().split(maxsplit=2)[1]
    kind = first_line(["stat", "-f", "-c", "%T", scratch])
    facts = {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": first_line(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"]),
        "CPU": f"{model}, {len(os.sched_getaffinity(0))} cores ({', '.join(flags)})",
        "memory": f"{int(memory) / 2**20:.0f} GiB",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} "
        f"{platform.release()}",
        "scratch file system": f"{kind}: inputs, repositories and restored trees",
        "compiler": first_line(["c++", "--version"]),
        "Python": platform.python_version(),
    }
    for library in ("libcrypto", "libzstd", "libisal", "libsodium"):
        facts[library] = first_line(["pkg-config", "--modversion", library])
    zfec = ROOT / "build" / "tools" / "zfec" / "PKG-INFO"
    if zfec.is_file():
        lines = zfec.read_text().splitlines()
        facts["zfec"] = next(line.split()[1] for line in lines if line.startswith("Version:"))
    for tool in ALL:
        found = tool.locate()
        facts[tool.name] = found[1] if found else "not installed"
    if shutil.which("sshd"):
        facts["ssh"] = first_line(["ssh", "-V"])
    return facts

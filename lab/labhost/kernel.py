# SPDX-License-Identifier: MIT
"""Which kernel the lab boots: Debian's cloud image of the same version as the source package. Never installed."""

import json
import lzma
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from . import say
from .errors import LabError
from .paths import DEBS, KERNELS


@dataclass(frozen=True)
class Kernel:
    """One kernel line's packages, unpacked."""

    line: str  # "6.1"
    version: str  # of the packages, "6.1.x-y"
    release: str  # uname -r
    root: str  # the unpacked image package

    @property
    def vmlinuz(self) -> Path:
        return Path(self.root) / "boot" / f"vmlinuz-{self.release}"

    @property
    def modules(self) -> Path:
        return Path(self.root) / "lib" / "modules" / self.release

    @property
    def headers(self) -> Path:
        return self.headers_root / "usr" / "src" / self.headers_package

    @property
    def headers_root(self) -> Path:
        return Path(self.root).parent / "headers"

    @property
    def headers_package(self) -> str:
        return f"linux-headers-{self.release}"

    @property
    def source(self) -> Path:
        return Path("/usr/src") / f"linux-source-{self.line}.tar.xz"


def resolve(line: str) -> Kernel:
    """Find, download and unpack the image that matches linux-source-LINE. What was found is kept, so that later runs need no network."""
    source_package = f"linux-source-{line}"
    version = installed_version(source_package) or newest_version(source_package)
    record = KERNELS / line / "kernel.json"
    if record.exists():
        kernel = Kernel(**json.loads(record.read_text()))
        if kernel.version == version and kernel.vmlinuz.exists():
            return kernel
    package = _image_package(line, version)
    root = KERNELS / line / "root"
    shutil.rmtree(KERNELS / line, ignore_errors=True)
    root.mkdir(parents=True)
    say.progress(f"unpacking {package} {version}")
    _run(["dpkg", "-x", str(_download(package, version)), str(root)])
    kernel = Kernel(line, version, package.removeprefix("linux-image-").removesuffix("-unsigned"), str(root))
    if not kernel.vmlinuz.exists():
        raise LabError(f"{package} holds no {kernel.vmlinuz.name}")
    expand_modules(kernel.modules)
    record.write_text(json.dumps(asdict(kernel)))
    return kernel


def expand_modules(directory: Path) -> None:
    """From 6.12 on Debian's modules are compressed, which the lab's insmod does not read."""
    for path in sorted(directory.rglob("*.ko.xz")):
        path.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
        path.unlink()
    index = directory / "modules.dep"
    if index.exists():
        index.write_text(index.read_text().replace(".ko.xz", ".ko"))


def require_build_packages(kernel: Kernel) -> None:
    """Install the source of this very version, and unpack the headers beside the image: from 6.12 on their package would install
    the kernel itself, which the next boot of the host might start."""
    source = f"linux-source-{kernel.line}"
    if installed_version(source) != kernel.version:
        say.progress(f"installing {source}={kernel.version}")
        _run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "--allow-downgrades", f"{source}={kernel.version}"])
    if not kernel.headers.exists():
        _unpack_headers(kernel)


def _unpack_headers(kernel: Kernel) -> None:
    say.progress(f"unpacking {kernel.headers_package} {kernel.version}")
    staged = kernel.headers_root.with_suffix(".new")
    shutil.rmtree(staged, ignore_errors=True)
    package = _download(kernel.headers_package, kernel.version)
    for name in headers_parts(_run(["dpkg-deb", "-f", str(package), "Depends"])):
        _run(["dpkg", "-x", str(_download(name, kernel.version)), str(staged)])
    _run(["dpkg", "-x", str(package), str(staged)])
    makefile = staged / "usr" / "src" / kernel.headers_package / "Makefile"
    makefile.write_text(moved(makefile.read_text(), kernel.headers_root))
    shutil.rmtree(kernel.headers_root, ignore_errors=True)
    staged.rename(kernel.headers_root)


def moved(makefile: str, root: Path) -> str:
    """A headers package's makefile includes the common one by its absolute name."""
    text = makefile.replace(" /usr/src/", f" {root}/usr/src/")
    if text == makefile:
        raise LabError(f"the makefile of the kernel's headers includes nothing of /usr/src: {makefile.strip()}")
    return text


def headers_parts(depends: str) -> list[str]:
    """The packages of the same source that a headers package needs: what is common to all flavours, and the build's own programs."""
    names = [entry.split("|")[0].split()[0] for entry in depends.split(",") if entry.strip()]
    return [name for name in names if name.startswith(("linux-headers-", "linux-kbuild-"))]


def installed_version(package: str) -> str:
    """Empty if the package is not installed."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    status, _, version = done.stdout.partition(" ")
    return version if done.returncode == 0 and status == "installed" else ""


def newest_version(package: str) -> str:
    found = parse_madison(_run(["apt-cache", "madison", package]))
    if not found:
        raise LabError(f"no package {package}: is this Debian 12 with its security archive? (apt-get update)")
    return found[0][1]


def parse_madison(text: str) -> list[tuple[str, str]]:
    """(package, version) per line of apt-cache madison, newest first as it prints them."""
    rows = [[field.strip() for field in line.split("|")] for line in text.splitlines()]
    return [(row[0], row[1]) for row in rows if len(row) >= 3]


def pick_image(line: str, version: str, rows: list[tuple[str, str]]) -> str:
    """The cloud image package of exactly this version; "" if there is none. Several builds are in the archive at once."""
    pattern = re.compile(rf"linux-image-{re.escape(line)}\.[0-9][0-9a-z.+-]*-cloud-amd64-unsigned")
    names = [name for name, its in rows if its == version and pattern.fullmatch(name)]
    return max(names, key=_natural, default="")


def _natural(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _image_package(line: str, version: str) -> str:
    pattern = rf"^linux-image-{re.escape(line)}\..*-cloud-amd64-unsigned$"
    names = [entry.split()[0] for entry in _run(["apt-cache", "search", "--names-only", pattern]).splitlines()]
    rows = parse_madison(_run(["apt-cache", "madison", *names])) if names else []
    package = pick_image(line, version, rows)
    if not package:
        raise LabError(
            f"no cloud image of version {version}, that of linux-source-{line}: "
            f"apt-get update, then apt-get install linux-source-{line}"
        )
    return package


def _download(package: str, version: str) -> Path:
    DEBS.mkdir(parents=True, exist_ok=True)
    names = [f"{package}_{version.replace(':', '%3a')}_{architecture}.deb" for architecture in ("amd64", "all")]
    if not _first(names):
        say.progress(f"downloading {package} {version}")
        _run(["apt-get", "download", f"{package}={version}"], DEBS)
    found = _first(names)
    if not found:
        raise LabError(f"apt-get download left none of {', '.join(names)} in {DEBS}")
    return found


def _first(names: list[str]) -> Path | None:
    return next((DEBS / name for name in names if (DEBS / name).exists()), None)


def _run(command: list[str], directory: Path | None = None) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise LabError(f"{' '.join(command[:3])}: {' '.join(last)}")
    return done.stdout

"""Fetch the files of others that we serve, and draw the icons anew.

    python .ci/vendor.py [--check]

It reads `static/orderchainer/vendor/vendor.toml`, takes each package from npm in the version that
is pinned there, and writes the files, their licences, and their digests. With `--check` it writes
nothing and fails if npm has something else. It needs npm; the service and the tests do not.
"""

import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static/orderchainer/vendor"
LIST = VENDOR / "vendor.toml"


def package(name: str, version: str) -> dict[str, bytes]:
    """Return the files of an npm package by their paths."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{version}"],
            cwd=directory,
            check=True,
            capture_output=True,
        )
        (archive,) = Path(directory).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as content:
            return {
                member.name.partition("/")[2]: file.read()
                for member in content.getmembers()
                if (file := content.extractfile(member)) is not None
            }


def sprite(icons: dict[str, bytes], names: list[str]) -> bytes:
    """Return one SVG with a symbol for each icon.

    A page shows one by `<use href="icons.svg#NAME">`; the style sheet sets the strokes.
    """
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg">',
        "<!-- Icons of Lucide (lucide.dev), licence ISC: vendor/lucide-static.LICENSE -->",
    ]
    for name in sorted(names):
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", icons[f"icons/{name}.svg"].decode(), re.DOTALL)
        assert drawing, name
        shapes = "".join(line.strip() for line in drawing[1].splitlines()).replace(" />", "/>")
        lines.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode()


def digest(content: bytes) -> str:
    """Return the digest as `integrity` attributes write it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def main() -> int:
    """Write all files, or compare them."""
    text = LIST.read_text()
    wanted: dict[Path, bytes] = {}
    for entry in tomllib.loads(text)["package"]:
        files = package(entry["name"], entry["version"])
        licence = next(path for path in files if path.upper().startswith("LICENSE"))
        wanted[VENDOR / f"{entry['name']}.LICENSE"] = files[licence]
        content = sprite(files, entry["icons"]) if "icons" in entry else files[entry["from"]]
        wanted[VENDOR / entry["file"]] = content
        pinned = re.escape(f'file = "{entry["file"]}"\nsha384 = "')
        text = re.sub(f'({pinned})[^"]*', rf"\g<1>{digest(content)}", text)
    wanted[LIST] = text.encode()
    differing = [path for path, content in wanted.items() if _content_of(path) != content]
    for path in differing:
        sys.stderr.write(f"{path.name} differs\n")
        if "--check" not in sys.argv:
            path.resolve().write_bytes(wanted[path])
    return int("--check" in sys.argv and bool(differing))


def _content_of(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


if __name__ == "__main__":
    sys.exit(main())

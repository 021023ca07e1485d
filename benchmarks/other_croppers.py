"""sharp and ImageMagick for benchmarks/crop_engine.py --others: fetched into a directory that is thrown away.

sharp comes by npm. ImageMagick comes as the packages that apt would install, unpacked instead; where the system has it,
or has no apt, that is what there is. Neither is a dependency of anything.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

SHARP = """
const sharp = require('sharp');
const [source, left, top, width, height, format] = process.argv.slice(1);
sharp.concurrency(1); sharp.cache(false);
const crop = () => sharp(source, {sequentialRead: true, limitInputPixels: false})
  .extract({left: +left, top: +top, width: +width, height: +height}).toFormat(format).toBuffer();
(async () => {
  await crop();
  const before = process.cpuUsage(), began = process.hrtime.bigint();
  const out = await crop();
  const used = process.cpuUsage(before), wall = Number(process.hrtime.bigint() - began) / 1e6;
  const held = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify([(used.user + used.system) / 1000, wall, out.length, held]));
})();
"""


def fetch(folder: Path) -> dict[str, str]:
    """What the environment must say for them to be found; says what could not be fetched."""
    found = {}
    for name, get in (("sharp", _sharp), ("ImageMagick", _imagemagick)):
        try:
            found |= get(folder)
        except (OSError, subprocess.CalledProcessError) as why:
            print(f"{name} could not be fetched: {why}")
    return found


def _sharp(folder: Path) -> dict[str, str]:
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "sharp"]
    subprocess.run(command, check=True, capture_output=True)
    return {"NODE_PATH": str(folder / "node_modules")}


def _imagemagick(folder: Path) -> dict[str, str]:
    wanted = ["apt-get", "install", "--simulate", "--no-install-recommends", "imagemagick-6.q16"]
    told = subprocess.run(wanted, check=True, capture_output=True, text=True).stdout
    names = [line.split()[1] for line in told.splitlines() if line.startswith("Inst ")]
    if not names:
        return {}
    subprocess.run(["apt-get", "download", *names], check=True, capture_output=True, cwd=folder)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder / "magick")], check=True)
    [program] = (folder / "magick").glob("usr/bin/convert-im6.q16")
    program.with_name("convert").symlink_to(program.name)
    libraries = {str(path.parent) for path in (folder / "magick").rglob("lib*.so.*")}
    [coders] = (folder / "magick").glob("usr/lib/*/ImageMagick-*/modules-*/coders")
    [settings] = (folder / "magick").glob("etc/ImageMagick-6")
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}", "LD_LIBRARY_PATH": ":".join(sorted(libraries)),
        "MAGICK_CODER_MODULE_PATH": str(coders), "MAGICK_CONFIGURE_PATH": str(settings),
    }  # fmt: skip


def has_magick() -> bool:
    """Whether `convert` is ImageMagick's."""
    if shutil.which("convert") is None:
        return False
    said = subprocess.run(["convert", "-version"], check=False, capture_output=True, text=True)
    return said.returncode == 0 and "ImageMagick" in said.stdout


def has_sharp() -> bool:
    """Whether node finds sharp."""
    if shutil.which("node") is None:
        return False
    return subprocess.run(["node", "-e", "require('sharp')"], check=False, capture_output=True).returncode == 0


def sharp(source: Path, box: tuple[int, int, int, int]) -> list[float]:
    """CPU and wall time in milliseconds, bytes, and the most memory held in MiB."""
    left, top, right, bottom = box
    edges = [str(number) for number in (left, top, right - left, bottom - top)]
    kind = {".jpg": "jpeg"}.get(source.suffix, source.suffix[1:])
    done = subprocess.run(["node", "-e", SHARP, str(source), *edges, kind], check=True, capture_output=True, text=True)
    return [float(number) for number in json.loads(done.stdout)]

"""Take the pictures of docs/images, of phantoms only, in a headless browser.

make demo
gliobench predict phantom:1:0:2 --out one
python docs/results/screenshots.py demo/report.html one/report.html
"""

from __future__ import annotations

import argparse
import shutil
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "images"
Scheme: TypeAlias = Literal["light", "dark"]
SCREENS: dict[str, tuple[int, int, Scheme]] = {
    "first_screen": (1280, 720, "light"),
    "first_screen_dark": (1280, 720, "dark"),
    "first_screen_tablet": (768, 1024, "light"),
    "first_screen_phone": (390, 844, "light"),
}
SECTIONS = ("grading", "localisation", "segmentation", "robustness", "cases")
QUALITY = 70


def main() -> None:
    """Open the report at several widths, its sections and a case, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="report.html of `make demo`")
    parser.add_argument("prediction", type=Path, help="report.html of `predict` of a phantom")
    given = parser.parse_args()
    place, prediction = (path.resolve().as_uri() for path in (given.report, given.prediction))
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = _opened(browser, place, 1280, 720, "light")
        if "[SIMULATED]" not in page.title():
            raise SystemExit("the report is on patients: no picture of it may be published")
        for name, (width, height, scheme) in SCREENS.items():
            _save(name, _opened(browser, place, width, height, scheme).screenshot())
        page.locator("nav").evaluate("nav => nav.style.position = 'static'")
        for section in SECTIONS:
            _save(f"section_{section}", page.locator(f"#{section}").screenshot())
        page.locator(".thumbnails a").first.click()
        page.locator("dialog[open]").wait_for()
        page.wait_for_timeout(3000)  # the volume is unpacked
        _save("case", page.screenshot())
        page = _opened(browser, prediction, 1280, 720, "light")
        if not page.get_by_text("SIMULATED").count():
            raise SystemExit("the study is a patient's: no picture of it may be published")
        page.wait_for_timeout(3000)
        _save("prediction", page.screenshot())
        browser.close()


def _opened(browser: Browser, place: str, width: int, height: int, scheme: Scheme) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(place)
    page.wait_for_timeout(500)  # thumbnails are drawn when they become visible
    return page


def _save(name: str, png: bytes) -> None:
    path = IMAGES / f"{name}.webp"
    Image.open(BytesIO(png)).convert("RGB").save(path, quality=QUALITY)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()

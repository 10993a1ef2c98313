"""The diagrams of the lessons as SVG, drawn once at build time: for light pages and for dark ones."""

import hashlib
import re
from pathlib import Path

from edition import tools

BLOCK = re.compile(r"^```mermaid\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
# Mermaid's own notes are pale in the dark, too.
DARK_NOTES = {"noteBkgColor": "#3b3a24", "noteTextColor": "#f2efd2", "noteBorderColor": "#8d8a5c"}
THEMES = {
    "light": {"theme": "neutral"},
    "dark": {"theme": "dark", "themeVariables": DARK_NOTES},
}
DRAW = """async ([source, key, looks]) => {
    mermaid.initialize({startOnLoad: false, deterministicIds: true, fontFamily: 'sans-serif',
                        flowchart: {htmlLabels: false}, ...looks})
    return (await mermaid.render(key, source)).svg
}"""


def key_of(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def text_of(source: str) -> str:
    """What the diagram says, in words: each lesson writes it."""
    return re.search(r"^\s*accDescr: (.+)$", source, re.MULTILINE)[1].strip()


def find(text: str) -> list[str]:
    """The sources of the diagrams in a Markdown text."""
    return BLOCK.findall(text)


def draw(sources: list[str], folder: Path) -> None:
    """Write ``<key>-light.svg`` and ``<key>-dark.svg`` of each source into ``folder``.

    What was drawn before, with the same mermaid, is taken from the cache.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = tools.npm_packages()["mermaid"] / "dist" / "mermaid.min.js"
    looks = hashlib.sha256(f"{DRAW}{THEMES}{script}".encode()).hexdigest()[:12]
    store = tools.cache_folder("diagrams") / looks
    store.mkdir(exist_ok=True)
    wanted = {
        f"{key_of(source)}-{theme}": (source, theme) for source in sources for theme in THEMES
    }
    missing = {name: each for name, each in wanted.items() if not (store / f"{name}.svg").exists()}
    if missing:
        _draw(missing, script, store)
    for name in wanted:
        (folder / f"{name}.svg").write_bytes((store / f"{name}.svg").read_bytes())


def _draw(wanted: dict[str, tuple[str, str]], script: Path, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=tools.find_browser(), args=tools.BROWSER_FLAGS
        )
        page = browser.new_page()
        page.set_content("<body></body>")
        page.add_script_tag(path=script)
        for name, (source, theme) in wanted.items():
            drawn = page.evaluate(DRAW, [source, f"diagram-{name}", THEMES[theme]])
            part = folder / f".{name}.part"
            part.write_text(drawn, encoding="utf-8")
            part.replace(folder / f"{name}.svg")
        browser.close()

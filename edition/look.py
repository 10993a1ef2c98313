"""axe-core on the pages and the slides of a built site, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edition import tools

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 720}
# How the pages are looked at: what a theme changes is colours, and what a phone changes is everything else.
LOOKS = (
    ("light", PHONE, {}),
    ("dark", DESK, {"runOnly": ["color-contrast"]}),
)
# Of what passes, one element a rule is enough to know that the rule was tried.
RUN_AXE = "options => axe.run(document, {...options, resultTypes: ['violations']})"


def axe_script() -> str:
    import axe_playwright_python

    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=tools.find_browser(), args=tools.BROWSER_FLAGS
        )
        yield opened
        opened.close()


@contextmanager
def watched_page(opened, base: str, **settings) -> Iterator:
    """A page, and the list of what it asked for outside this address: nothing of it is let through."""
    context = opened.new_context(bypass_csp=True, **settings)
    outside: list[str] = []

    def decide(route) -> None:
        url = route.request.url
        if url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(url)
            route.abort()

    context.route("**/*", decide)
    page = context.new_page()
    yield page, outside
    context.close()


def faults_of_pages(opened, base: str, names: list[str], axe: str) -> Iterator[str]:
    """What axe finds on these pages, what scrolls sideways on a phone, and every request to somebody else."""
    for scheme, size, options in LOOKS:
        with watched_page(opened, base, viewport=size, color_scheme=scheme) as (page, outside):
            for name in names:
                where = f"{name} ({scheme}, {size['width']} px)"
                page.goto(f"{base}/{name}", wait_until="load")
                page.evaluate(axe)
                # Folded answers are looked at, too.
                page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                found = page.evaluate(RUN_AXE, options)
                if "color-contrast" not in {rule["id"] for rule in found["passes"]}:
                    yield f"{where}: axe found nothing to look at"
                yield from (f"{where}: {fault}" for fault in as_lines(found))
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                if wide > 0:
                    yield f"{where}: {wide} px too wide"
            yield from (f"{scheme}: asked for {url}" for url in sorted(set(outside)))


def as_lines(found: dict) -> Iterator[str]:
    """The violations of one run of axe."""
    for rule in found["violations"]:
        for node in rule["nodes"]:
            reason = (node["any"] or node["all"] or node["none"])[0]["message"]
            yield f"{rule['id']}: {node['html'][:160]}: {reason}"

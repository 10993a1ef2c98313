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
# A theme is put on when the page is there already, and its colours come by and by.
COLOURS_ARE_THERE = """() => Promise.allSettled(document.getAnimations()
    .filter(each => each instanceof CSSTransition).map(each => each.finished)).then(() => true)"""
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
                found = found_by_axe(page, options)
                if "color-contrast" not in {rule["id"] for rule in found["passes"]}:
                    yield f"{where}: axe found nothing to look at"
                yield from (f"{where}: {fault}" for fault in as_lines(found))
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                if wide > 0:
                    yield f"{where}: {wide} px too wide"
            yield from (f"{scheme}: asked for {url}" for url in sorted(set(outside)))


def found_by_axe(page, options: dict) -> dict:
    """What axe says of the page, once nothing in it changes its colour any more."""
    page.evaluate(COLOURS_ARE_THERE)
    return page.evaluate(RUN_AXE, options)


def as_lines(found: dict) -> Iterator[str]:
    """The violations of one run of axe."""
    for rule in found["violations"]:
        for node in rule["nodes"]:
            reason = (node["any"] or node["all"] or node["none"])[0]["message"]
            yield f"{rule['id']}: {node['html'][:160]}: {reason}"


WALLS = ((1280, 720), (1920, 1080))
# Each slide in its turn, with all its steps: how far it leaves the window, in pixels, and whether it scrolls.
MEASURE = """() => Reveal.getSlides().map((slide, at) => {
    const {h, v} = Reveal.getIndices(slide)
    Reveal.slide(h, v)
    slide.querySelectorAll('.fragment').forEach(step => step.classList.add('visible'))
    const inner = [...slide.children].filter(child => child.tagName !== 'ASIDE').map(child => child.getBoundingClientRect())
    const low = Math.max(...inner.map(box => box.bottom)) - innerHeight
    const wide = Math.max(...[...slide.querySelectorAll('*')].map(part => part.scrollWidth - part.clientWidth)
        .filter((_, i) => slide.querySelectorAll('*')[i].clientWidth > 0), 0)
    const right = Math.max(...inner.map(box => box.right)) - innerWidth
    const box = slide.getBoundingClientRect()
    const seen = box.width > innerWidth / 2 && box.left >= 0 && box.top >= 0
    return {seen, title: slide.querySelector('h1,h2').textContent, low, right, wide, scrolls: slide.classList.contains('scrolls')}
})"""


def faults_of_slides(opened, base: str, names: list[str], axe: str) -> Iterator[str]:
    """Slides that leave the wall, and what axe finds on all slides of a deck, laid out as for printing."""
    for width, height in WALLS:
        with watched_page(opened, base, viewport={"width": width, "height": height}) as (
            page,
            outside,
        ):
            for name in names:
                page.goto(f"{base}/{name}", wait_until="load")
                page.wait_for_function("window.Reveal && Reveal.isReady()")
                for at, slide in enumerate(page.evaluate(MEASURE), 1):
                    where = f"{name}, slide {at} ({slide['title']}) at {width} x {height}"
                    if not slide["seen"]:
                        yield f"{where}: nobody can see it"
                    if slide["low"] > 0 or slide["right"] > 0:
                        yield f"{where}: {max(slide['low'], slide['right']):.0f} px too large"
                    if slide["wide"] > 1:
                        yield f"{where}: something in it is {slide['wide']} px too wide"
                    if slide["scrolls"]:
                        yield f"{where}: fits only by scrolling"
            yield from (f"slides: asked for {url}" for url in sorted(set(outside)))
    with watched_page(opened, base, viewport={"width": 1280, "height": 720}) as (page, outside):
        for name in names:
            page.goto(f"{base}/{name}?view=print", wait_until="load")
            page.wait_for_function("document.querySelectorAll('.pdf-page').length > 1")
            page.evaluate(axe)
            found = found_by_axe(page, {})
            if "color-contrast" not in {rule["id"] for rule in found["passes"]}:
                yield f"{name}: axe found nothing to look at"
            yield from (f"{name}: {fault}" for fault in as_lines(found))

"""The published edition, built here and looked at. Every lesson in a browser, every page by axe: `course site --check`."""

import json
import re

import nbformat
import pytest

from course.paths import Course
from edition import cells, check, look, pages, tab_in_browser
from edition.settings import read_settings

COURSE = Course()
# What the suite looks at of all there is: the newest kinds of things, one of each.
SAMPLE_PAGES = ["index.html", "lessons/03_create_a_jwt.html"]
SAMPLE_DECK = ["slides/03_create_a_jwt.html"]


def test_every_lesson_has_its_page_its_deck_and_its_notebook_in_the_tab(site):
    for path in COURSE.notebooks.glob("*.ipynb"):
        assert (site / "lessons" / f"{path.stem}.html").is_file()
        assert (site / "lite" / "files" / "my_work" / path.name).is_file()
        assert (site / "slides" / f"{path.stem}.html").is_file() == path.stem[0].isdigit()


def test_every_link_leads_somewhere(site):
    assert list(check.faults_of_links(site)) == []


def test_the_check_of_links_would_find_one(site, tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "slides").mkdir()
    page = (
        '<a href="lessons/none.html">x</a><a href="#nowhere">y</a><a href="?path=none.ipynb">z</a>'
    )
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    assert len(list(check.faults_of_links(tmp_path))) == 3


def test_a_page_says_to_search_engines_what_it_is(site):
    page = (site / "lessons" / "03_create_a_jwt.html").read_text(encoding="utf-8")
    settings = read_settings()
    for said in ("og:title", "og:description", "og:image", 'name="description"'):
        assert page.count(said) >= 1, said
    assert f"{settings.site_url}_static/{pages.PICTURE}" in page
    assert (site / "_static" / pages.PICTURE).is_file()
    assert settings.edit("lessons/03_create_a_jwt.md") in page
    assert "lite/lab/index.html?path=my_work/03_create_a_jwt.ipynb" in page


def test_each_message_of_common_errors_has_its_anchor_title_and_description(site):
    page = (site / "lessons" / "common_errors.html").read_text(encoding="utf-8")
    said = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])
    headings = re.findall(
        r"^### (.+)$", (COURSE.lessons / "common_errors.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(said["mainEntity"]) == len(headings) > 25
    for question in said["mainEntity"]:
        anchor = question["url"].partition("#")[2]
        assert page.count(f'id="{anchor}"') == 1
        assert len(question["name"]) > 5 and len(question["acceptedAnswer"]["text"]) > 40


def test_worked_answers_are_folded_and_all_there(site):
    for page in pages.read_pages(COURSE):
        shown = (site / "lessons" / f"{page.name}.html").read_text(encoding="utf-8")
        solved = [
            cell
            for cell in (page.worked or {"cells": []})["cells"]
            if cell["cell_type"] == "code" and "solution" in cell["metadata"].get("tags", [])
        ]
        assert shown.count("<summary>Worked answer</summary>") == len(solved)


def test_diagrams_are_drawn_and_say_in_words_what_they_show(site):
    page = (site / "lessons" / "09_rotate_refresh_tokens.html").read_text(encoding="utf-8")
    assert "mermaid" not in page
    pictures = re.findall(r"<img alt=\"([^\"]+)\" class=\"only-(light|dark)\"", page)
    assert len(pictures) == 4 and all(len(said) > 60 for said, _ in pictures)


def test_pages_are_accessible_and_fit_on_a_phone(opened, address):
    axe = look.axe_script()
    assert list(look.faults_of_pages(opened, address, SAMPLE_PAGES, axe)) == []


def test_slides_fit_on_the_wall_and_are_accessible(opened, address):
    axe = look.axe_script()
    assert list(look.faults_of_slides(opened, address, SAMPLE_DECK, axe)) == []


def test_slides_that_nobody_can_see_are_a_fault(opened, site, address):
    """Reveal takes the room that its parent has, and measured in none, everything fits."""
    deck = (site / SAMPLE_DECK[0]).read_text(encoding="utf-8")
    (site / "slides" / "blank.html").write_text(
        deck.replace("<main>", '<main style="height: auto">'), encoding="utf-8"
    )
    found = list(look.faults_of_slides(opened, address, ["slides/blank.html"], look.axe_script()))
    (site / "slides" / "blank.html").unlink()
    assert any(each.endswith("nobody can see it") for each in found)


def test_looking_finds_a_fault(opened, site, address):
    (site / "faulty.html").write_text(
        '<html lang="en"><title>x</title><main><h1>x</h1><p style="color:#aaa;width:2000px">grey</p>'
        '<img src="https://example.com/x.png"></main>',
        encoding="utf-8",
    )
    found = list(look.faults_of_pages(opened, address, ["faulty.html"], look.axe_script()))
    (site / "faulty.html").unlink()
    assert any("color-contrast" in each for each in found)
    assert any("image-alt" in each for each in found)
    assert any("too wide" in each for each in found)
    assert any("asked for https://example.com" in each for each in found)


def test_cells_of_the_tab_give_what_is_stored_under_node(site):
    assert list(check.faults_of_cells(COURSE, site, print, only={"06"})) == []


def test_a_lesson_runs_in_a_browser_tab(opened, site, address):
    notebook = tab_in_browser.notebooks_of(site)["01_decode_a_jwt"]
    visits = tab_in_browser.visits(opened, address, {"01_decode_a_jwt": notebook}, most=6)
    (visit,) = visits
    assert visit.cells == 6 and visit.differences == [] and visit.outside == []


def test_cells_that_stay_prose_are_in_the_lessons_and_say_why(site):
    every = {
        cell.id: cell
        for folder in (COURSE.solutions, COURSE.notebooks)
        for path in folder.glob("*.ipynb")
        for cell in nbformat.read(path, 4).cells
    }
    reasons = cells.prose_cells({"cryptography", "matplotlib"})
    assert set(reasons) <= every.keys()
    for id_, reason in reasons.items():
        made = cells.as_prose(every[id_], reason)
        assert f"it needs {reason}" in made["source"] and every[id_].source in made["source"]
    for id_, lines in cells.STILL_RUN.items():
        assert set(lines.splitlines()) <= set(every[id_].source.splitlines()), id_
    assert not set(cells.NEVER) & {id_ for each in cells.WITHOUT.values() for id_ in each}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_site_is_where_the_one_setting_says(name):
    text = (COURSE.root / name).read_text(encoding="utf-8")
    assert (read_settings().site_url in text) == (name == "README.md")

"""The architecture page: its tree says what the modules say of themselves."""

from docs.generate import PROJECT, find_modules, read_summary, render


def test_the_tree_is_what_the_modules_say() -> None:
    page = (PROJECT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert page == render("docs/ARCHITECTURE.md"), "make docs writes the tree"


def test_every_module_says_what_it_owns_in_a_line_of_its_own() -> None:
    broken = [module for module in find_modules() if not read_summary(module).endswith((".", "?"))]
    assert [str(module.relative_to(PROJECT)) for module in broken] == []


def test_the_tree_shows_every_folder_of_the_product() -> None:
    page = (PROJECT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folder in {module.parent for module in find_modules()}:
        assert f"{folder.name}/" in page

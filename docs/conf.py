"""How the documentation is built: ``sphinx-build -W -b html docs docs/_build/html``. Nothing is fetched."""

from pathlib import Path
from typing import Any

import matplotlib
from docutils.nodes import Element, SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

import musclemetrics

matplotlib.use("agg")

project = "musclemetrics"
author = "The musclemetrics developers"
copyright = "the musclemetrics developers"
release = version = musclemetrics.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
included = [path.name for path in Path(__file__).parent.glob("validation_*.rst")]
exclude_patterns = ["_build", "_templates", *included, "gallery/*.md5", "gallery/*.ipynb"]
default_role = "py:obj"
nitpicky = False
today_fmt = "%Y"
html_show_sourcelink = False
html_copy_source = False

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc says the types, with shapes and units
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"[\\/]examples[\\/]",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "remove_config_comments": True,
    "min_reported_time": 60,
    "show_signature": False,
    "abort_on_example_error": True,
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "musclemetrics"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme_options = {
    "show_nav_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "secondary_sidebar_items": ["page-toc"],
}
# Only the reference and the gallery have pages below them for a sidebar to list.
html_sidebars = {page.stem: [] for page in Path(__file__).parent.glob("*.rst") if page.stem != "api"}
html_math_renderer = "mathml"


def _inline_math(translator: Any, node: Element) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise SkipNode


def _block_math(translator: Any, node: Element) -> None:
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise SkipNode


def setup(app: Any) -> None:
    """Write formulas as MathML, which every browser draws without fetching a script."""
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))

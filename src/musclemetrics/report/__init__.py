"""The HTML pages: templates and the few functions that fill them.

Pages need no network: pictures lie beside them, styles and scripts are inside, and a content policy forbids the rest.
"""

from .pages import pages

__all__ = ["pages"]

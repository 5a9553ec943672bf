"""How the pages are made: ``make docs``."""

import sansock

project = "Sansock"
author = "the authors of Sansock"
release = version = sansock.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["requirements.txt"]
html_theme = "alabaster"
html_theme_options = {"description": "WebSocket without the socket", "page_width": "1100px", "fixed_sidebar": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_rtype = False
napoleon_use_ivar = True

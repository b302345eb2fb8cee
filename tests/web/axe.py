"""axe-core, as it is run in a page: what it finds, one line for each rule that is broken, with the places."""

from __future__ import annotations

from importlib import resources

SOURCE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
#: Takes the rules to ask, or none for all there are; that of WCAG 2.2 (2.5.8) must be asked for by name.
RUN = """async (only) => (await axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}},
    ...(only ? {runOnly: {type: 'rule', values: only}} : {})}))
  .violations.map(found => `${found.id}: ${found.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`)"""
#: What depends on the scheme, and on the size of the screen. Everything else is looked at once.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
OF_SIZE = ["target-size", "scrollable-region-focusable", "heading-order", "page-has-heading-one", "region"]

"""Pages and letters filled from ``templates/``; text is escaped, and a missing fact is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.domain.wording import moment

TEMPLATES = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["moment"] = moment

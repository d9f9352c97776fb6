"""The only place that puts the choice of a month end on pages that do not make it themselves."""

from typing import Any

from django import template

from portal.asking import Asked
from portal.days import days_offered, frozen_days

register = template.Library()


@register.inclusion_tag("portal/includes/day_links.html", takes_context=True)
def day_links(context: template.Context, asked: Asked, frozen: bool = True) -> dict[str, Any]:
    """Month ends and today as links that keep the rest of the address; ``frozen`` marks those of frozen reports."""
    request: Any = context["request"]
    marked = frozen_days(asked) if frozen else set()
    return {"days": days_offered(request.path, request.GET.dict(), asked.day, marked)}

"""The only place that writes the report of an error: Django's own, without the ID numbers that stood in the process."""

import re
from typing import Final

from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from orgs.idnumbers import HIDDEN

# However it is spaced; rather too much is left out than too little
NUMBER: Final = re.compile(r"[0-9](?:(?:\s|-|%20|\+|&nbsp;)?[0-9]){16}(?:\s|-|%20|\+|&nbsp;)?[0-9Xx]")


class WithoutNumbers(ExceptionReporter):
    """Of what was sent, of local variables, of messages: also while DEBUG is on, when Django hides settings alone."""

    def get_traceback_html(self) -> SafeString:
        return without_numbers(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return without_numbers(super().get_traceback_text())


def without_numbers(report: SafeString) -> SafeString:
    return SafeString(NUMBER.sub(HIDDEN, report))  # what was safe stays so: digits went, plain words came

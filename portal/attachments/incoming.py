"""The only place that bounds what a browser may send as an attachment, while it is being sent."""

from __future__ import annotations

from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from portal.attachments.keeping import LARGEST

# Of a body that is too long the rest is read and thrown away, or the browser would show a broken line and no answer.
# Who sends more than this is cut off all the same.
READ_OUT: Final = 200 << 20


class Bounded(FileUploadHandler):
    """Counts the bytes of all files of a request and takes no more than one file may have.

    ``is_over`` says afterwards that there were more: then no file is kept, but what was typed before it is.
    """

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.is_over = False
        self.taken = 0

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.whole = content_length

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > LARGEST:
            self.is_over = True
            raise StopUpload(connection_reset=self.whole > READ_OUT)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind keep the file."""


def bounded(request: HttpRequest) -> Bounded:
    """Puts the bound before the handlers that keep files; to be called before anything reads the form."""
    handler = Bounded(request)
    request.upload_handlers = [handler, *request.upload_handlers]
    return handler

"""The only place that runs inside the first version: one line in is an address, the page goes out behind its length.

Copied into the checkout and started there, so ``portal`` is the first version's.
"""

import os
import sys

import django


def serve(username: str) -> None:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    if settings.DEBUG:
        sys.exit("DEBUG 打开时不能测量。")
    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model()._default_manager.get_by_natural_key(username))
    for line in sys.stdin:
        answer = client.get(line.strip())
        if answer.status_code != 200:
            sys.exit(f"第一版回答 {answer.status_code}：{line}")
        sys.stdout.buffer.write(b"%d\n%b" % (len(answer.content), answer.content))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    serve(sys.argv[1])

"""The only place that writes the demo park into the database; a park that is already there stays as it is."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from orgs import journal
from orgs.models import Park
from portal.demo.generator import build
from portal.demo.scene import SLUG, learn_keys


class Command(BaseCommand):
    help = "生成演示园区（单位、人员、数字均为虚构）；已有演示园区时不改变任何内容。"

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["verbosity"] == 0
        existing = Park.objects.filter(slug=SLUG).first()
        if existing is not None:
            if not quiet:
                self.stdout.write(f"{existing.name}已经存在，未改动。")
            return
        scene = build()
        with transaction.atomic():
            for rows in scene.groups():
                learn_keys(rows)
                journal.save_many(rows, journal.INSTALLER, journal.Via.INSTALL)
        if not quiet:
            self.stdout.write(
                f"已生成{scene.park.name}：企业{len(scene.enterprises)}家，党组织{len(scene.organizations)}个，"
                f"党员{len(scene.members)}名，组织生活{len(scene.activities)}次。"
            )

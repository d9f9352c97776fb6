"""A member of whom no date is known yet may be kept, marked as such."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0002_name_grams"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="member", name="orgs_member_some_date"),
        migrations.AddField(
            model_name="member",
            name="dates_pending",
            field=models.BooleanField(
                default=False,
                help_text="已知是党员、还不知道日期的；补上日期以前不计入党员数。",
                verbose_name="入党日期待补",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("applied_on__isnull", False),
                    ("activist_on__isnull", False),
                    ("candidate_on__isnull", False),
                    ("admitted_on__isnull", False),
                    ("dates_pending", True),
                    _connector="OR",
                ),
                name="orgs_member_some_date",
                violation_error_message="至少要填一个日期：申请入党、积极分子、发展对象或接收为预备党员日期。",
            ),
        ),
    ]

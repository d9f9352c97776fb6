"""The trail may say that a record was changed together with many others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0004_member_id_number"),
    ]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="via",
            field=models.CharField(
                choices=[
                    ("page", "页面"),
                    ("admin", "后台"),
                    ("import", "导入"),
                    ("bulk", "批量修改"),
                    ("install", "系统装载"),
                ],
                max_length=10,
                verbose_name="方式",
            ),
        ),
    ]

"""The index of enterprise names, filled for what is there, and the index that a ledger's first page is read off."""

import django.db.models.deletion
from django.db import migrations, models


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        # The key is the whole row, so the table is its own index: half the size of what Django would make
        schema_editor.execute(
            "CREATE TABLE orgs_namegram (gram varchar(2) NOT NULL, enterprise_id bigint NOT NULL,"
            " PRIMARY KEY (gram, enterprise_id)) WITHOUT ROWID"
        )
    else:
        schema_editor.create_model(apps.get_model("orgs", "NameGram"))


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE orgs_namegram")


def fill(apps, schema_editor):
    from orgs.grams import rebuild

    rebuild()


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='NameGram',
                    fields=[
                        ('pk', models.CompositePrimaryKey('gram', 'enterprise', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('gram', models.CharField(max_length=2, verbose_name='相邻两字')),
                        ('enterprise', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='orgs.enterprise', verbose_name='企业')),
                    ],
                    options={
                        'verbose_name': '企业名称索引',
                        'verbose_name_plural': '企业名称索引',
                    },
                ),
            ],
        ),
        migrations.RunPython(create, drop),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='enterprise',
            index=models.Index(fields=['park', 'name', 'id'], name='orgs_enterprise_park_name'),
        ),
    ]

"""What names are sorted by and their initials, filled for what is there; the ledger's first page is read off by them."""

from django.db import migrations, models

from orgs.ordering import InitialsField, OrderKeyField, rebuild


def fill(apps, schema_editor):
    rebuild(apps)


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0005_change_via_bulk'),
    ]

    operations = [
        migrations.AddField(
            model_name='enterprise',
            name='order_key',
            field=OrderKeyField(is_person=False, max_length=600, of='name', verbose_name='名称的次序'),
        ),
        migrations.AddField(
            model_name='enterprise',
            name='initials',
            field=InitialsField(is_person=False, max_length=120, of='name', verbose_name='名称的拼音首字母'),
        ),
        migrations.AddField(
            model_name='member',
            name='order_key',
            field=OrderKeyField(is_person=True, max_length=200, of='name', verbose_name='名称的次序'),
        ),
        migrations.AddField(
            model_name='member',
            name='initials',
            field=InitialsField(is_person=True, max_length=40, of='name', verbose_name='名称的拼音首字母'),
        ),
        migrations.AddField(
            model_name='park',
            name='order_key',
            field=OrderKeyField(is_person=False, max_length=500, of='name', verbose_name='名称的次序'),
        ),
        migrations.AddField(
            model_name='park',
            name='initials',
            field=InitialsField(is_person=False, max_length=100, of='name', verbose_name='名称的拼音首字母'),
        ),
        migrations.AddField(
            model_name='partyorganization',
            name='order_key',
            field=OrderKeyField(is_person=False, max_length=200, of='short_name', verbose_name='名称的次序'),
        ),
        migrations.AddField(
            model_name='partyorganization',
            name='initials',
            field=InitialsField(is_person=False, max_length=40, of='short_name', verbose_name='名称的拼音首字母'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='enterprise',
            name='orgs_enterprise_park_name',
        ),
        migrations.AddIndex(
            model_name='enterprise',
            index=models.Index(fields=['park', 'order_key', 'id'], name='orgs_enterprise_park_order'),
        ),
        migrations.AddIndex(
            model_name='park',
            index=models.Index(fields=['order_key', 'id'], name='orgs_park_order'),
        ),
        migrations.AlterModelOptions(
            name='enterprise',
            options={'ordering': ('park', 'order_key', 'pk'), 'verbose_name': '企业', 'verbose_name_plural': '企业'},
        ),
        migrations.AlterModelOptions(
            name='member',
            options={'ordering': ('park', 'order_key', 'pk'), 'verbose_name': '党员', 'verbose_name_plural': '党员'},
        ),
        migrations.AlterModelOptions(
            name='park',
            options={'ordering': ('region_code', 'order_key', 'pk'), 'verbose_name': '园区', 'verbose_name_plural': '园区'},
        ),
        migrations.AlterModelOptions(
            name='partyorganization',
            options={'ordering': ('park', 'order_key', 'pk'), 'verbose_name': '党组织', 'verbose_name_plural': '党组织'},
        ),
    ]

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0002_name_grams'),
        ('portal', '0004_import_batch'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ledger', models.CharField(max_length=20, verbose_name='台账')),
                ('name', models.CharField(max_length=20, verbose_name='视图名称')),
                ('query', models.CharField(blank=True, max_length=1000, verbose_name='条件、列和排序')),
                ('is_default', models.BooleanField(default=False, verbose_name='默认视图')),
                ('account', models.PositiveBigIntegerField(verbose_name='制作账号编号')),
                ('made_by', models.CharField(max_length=150, verbose_name='制作人')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='制作时间')),
                ('park', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to='orgs.park', verbose_name='共用的园区')),
            ],
            options={
                'verbose_name': '台账视图',
                'verbose_name_plural': '台账视图',
                'ordering': ('park', 'name', 'pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('park__isnull', True)), fields=('account', 'ledger', 'name'), name='portal_savedview_own_name', violation_error_message='这本台账里您已有同名的视图，请换一个名称，或先删去原来的。'), models.UniqueConstraint(condition=models.Q(('park__isnull', False)), fields=('park', 'ledger', 'name'), name='portal_savedview_park_name', violation_error_message='这本台账里园区已有同名的共用视图，请换一个名称，或先删去原来的。'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('account', 'ledger'), name='portal_savedview_one_default', violation_error_message='一本台账只能有一个默认视图，请先取消原来的。'), models.CheckConstraint(condition=models.Q(('is_default', False), ('park__isnull', True), _connector='OR'), name='portal_savedview_own_default', violation_error_message='园区共用的视图不能设为默认，请另存一个自己用的再设。')],
            },
        ),
    ]

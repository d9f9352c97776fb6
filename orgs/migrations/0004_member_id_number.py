"""The sealed ID number of a member and its keyed index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0003_member_dates_pending'),
    ]

    operations = [
        migrations.AddField(
            model_name='member',
            name='id_cipher',
            field=models.CharField(blank=True, editable=False, max_length=120, verbose_name='身份证号'),
        ),
        migrations.AddField(
            model_name='member',
            name='id_index',
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name='身份证号的索引'),
        ),
        migrations.AddIndex(
            model_name='member',
            index=models.Index(condition=models.Q(('id_index', ''), _negated=True), fields=['id_index'], name='orgs_member_id_index'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(condition=models.Q(('id_index', ''), _negated=True), fields=('park', 'id_index'), name='orgs_member_id_once', violation_error_message='本园区台账里已有这个身份证号的党员，请在台账中查找后修改，不要重复登记。'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('id_cipher', ''), ('id_index', '')), models.Q(models.Q(('id_cipher', ''), _negated=True), models.Q(('id_index', ''), _negated=True)), _connector='OR'), name='orgs_member_id_both', violation_error_message='身份证号没有存完整，请在党员页面上重新填写身份证号。'),
        ),
    ]

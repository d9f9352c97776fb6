"""The only place that puts the demo park together: the same seed gives the same park on every machine."""

from random import Random

from metrics.models import Basis, Comparator, Source, Statement
from orgs.models import Park, ParkKind, ParkLevel
from portal.demo import meetings, offices, people, plot
from portal.demo.names import Names
from portal.demo.scene import DAY, SEED, SLUG, Scene
from portal.demo.story import Story

NOTE = "虚构，仅供演示"
# category, indicator, comparator, value, unit, period, basis, wording
STATEMENTS = (
    ("覆盖", "组织覆盖率", Comparator.GTE, "80", "%", "截至2026年10月末", Basis.STATED, ""),
    ("覆盖", "党建工作指导员", Comparator.EQ, "4", "名", "2026年", Basis.STATED, ""),
    ("发展党员", "入党积极分子培训", Comparator.GT, "60", "人次", "近两年", Basis.STATED, "60多"),
    ("服务企业", "协调解决企业事项", Comparator.GT, "120", "件", "近两年", Basis.STATED, "120余"),
    ("服务企业", "政策宣讲和现场办公", Comparator.APPROX, "20", "场次", "2026年", Basis.STATED, ""),
    ("服务企业", "为企业节约开支", Comparator.APPROX, "350", "万元", "2025年", Basis.STATED, ""),
    ("服务群众", "走访慰问困难职工", Comparator.GTE, "90", "户", "2025年", Basis.COUNTED, ""),
    ("阵地", "党员活动室", Comparator.EQ, "17", "处", "截至2026年10月末", Basis.STATED, ""),
    ("目标", "组织覆盖率", Comparator.GTE, "90", "%", "2027年末", Basis.TARGET, ""),
)


def build(seed: int = SEED) -> Scene:
    """The whole park as unsaved rows."""
    rng = Random(seed)  # noqa: S311 (not for secrets: the point is that it repeats)
    park = Park(
        slug=SLUG,
        name="演示园区·滨江",
        short_name="滨江（演示）",
        level=ParkLevel.PROVINCIAL,
        kind=ParkKind.ECONOMIC,
        region_code="990101",
        region_name="演示省演示市滨江区（虚构）",
        working_committee="中共演示园区·滨江工作委员会",
        is_demo=True,
        is_public=True,
    )
    story = Story(rng=rng, names=Names(rng), scene=Scene(park=park))
    cast = plot.tell(story)
    people.fill(story, cast)
    offices.hold(story)
    meetings.hold(story)
    state_figures(story.scene)
    return story.scene


def state_figures(scene: Scene) -> None:
    source = Source(
        park=scene.park,
        title="演示数据",
        publisher="本系统",
        published_on=DAY,
        date_text=f"{DAY}",
        date_note="随演示园区一起生成，没有出处。",
        subject=scene.park.name,
    )
    scene.sources.append(source)
    for number, (category, indicator, comparator, value, unit, period, basis, wording) in enumerate(STATEMENTS, 1):
        scene.statements.append(
            Statement(
                park=scene.park,
                source=source,
                number=number,
                category=category,
                indicator=indicator,
                comparator=comparator,
                value=value,
                unit=unit,
                period_text=period,
                basis=basis,
                wording=wording,
                note=NOTE,
            )
        )

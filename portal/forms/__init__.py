"""The only place for entry forms: what an officer types is read, checked against what he may see, and written once."""

from portal.forms.activities import ActivityForm
from portal.forms.base import EntryForm, end_form
from portal.forms.enterprises import BusinessStateForm, EnterpriseForm, ParkForm, WorkCoverageForm
from portal.forms.fields import parse_day
from portal.forms.members import AffiliationForm, EmploymentForm, MemberForm, OfficeForm
from portal.forms.organizations import CoverageForm, ElectionForm, OrganizationForm, SubordinationForm
from portal.forms.statements import StatementForm
from portal.forms.targets import TargetForm

__all__ = [
    "ActivityForm",
    "AffiliationForm",
    "BusinessStateForm",
    "CoverageForm",
    "ElectionForm",
    "EmploymentForm",
    "EnterpriseForm",
    "EntryForm",
    "MemberForm",
    "OfficeForm",
    "OrganizationForm",
    "ParkForm",
    "StatementForm",
    "SubordinationForm",
    "TargetForm",
    "WorkCoverageForm",
    "end_form",
    "parse_day",
]

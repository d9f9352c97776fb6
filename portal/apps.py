"""The only place for the names under which Django loads the portal and its administration."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "门户"


class PortalAdminConfig(AdminConfig):
    """Django's admin on a site of ours; named in INSTALLED_APPS in place of django.contrib.admin."""

    default = False
    default_site = "portal.site.PortalAdminSite"

"""Does the account match its Terraform?"""

from prodgate import Criterion, check
from prodgate.facts.live import DeclaredResource, TaggedResource


@check("live-as-declared", remedy="Apply what is declared, or declare what was changed by hand.")
def test_resources_are_live_as_declared(resource: DeclaredResource, criterion: Criterion) -> None:
    """Is this resource live, with every attribute as declared?"""
    criterion.hold(bool(resource.live), expected="live", observed="AWS has no such thing")
    differing = "; ".join(resource.differences)
    criterion.hold(not differing, expected="as declared", observed=differing, held="as declared")


@check("nothing-undeclared", remedy="Declare it and import it, or remove it.")
def test_what_carries_our_tags_is_declared(resource: TaggedResource, criterion: Criterion) -> None:
    """Is this resource, which carries the tags of the declared ones, declared itself?"""
    criterion.hold(resource.declared, expected="declared", observed="declared nowhere")

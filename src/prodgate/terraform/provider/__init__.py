"""A stand-in for the AWS provider (and a few small ones) that knows their schemas and no account.

Terraform core is attached to it and evaluates any configuration offline. It plans what the real provider would
create: values that AWS gives (arn, id, …) are invented, the same for the same configuration; what nobody can know
before AWS has decided stays unknown.
"""

from typing import Final

#: Stands in every invented text, so that it is recognised wherever it ends up.
MARK: Final = "prodgate-unread"

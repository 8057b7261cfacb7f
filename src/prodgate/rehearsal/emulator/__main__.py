"""``python -m prodgate.rehearsal.emulator --account 123456789012``: serves an account, printing its address first."""

import argparse
import os
from typing import Final

#: Settings of moto: an empty account, except for the AWS managed policies.
SETTINGS: Final = {
    "MOTO_ACM_VALIDATION_WAIT": "0",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


def main() -> None:
    """Serve until stdin is closed."""
    parser = argparse.ArgumentParser(prog="prodgate.rehearsal.emulator", description=__doc__)
    parser.add_argument("--account", required=True, help="its twelve digits")
    account = parser.parse_args().account
    os.environ.update(SETTINGS, MOTO_ACCOUNT_ID=account)
    from .process import serve  # noqa: PLC0415 - moto reads its settings while it is imported

    del os.environ["MOTO_ACCOUNT_ID"]  # from here on each call carries its own account, which this would overrule
    serve(account)


if __name__ == "__main__":
    main()

"""Users who sign in: to Cognito user pools, and to databases through IAM instead of with a password."""

from prodgate import Criterion, Quantity, Resource, policy

POOL = ("aws_cognito_user_pool",)
#: First factors other than passwords, each of which is as good as a second factor or includes one.
OTHER_FACTORS = {"WEB_AUTHN", "EMAIL_OTP", "SMS_OTP"}
KINDS = ("require_lowercase", "require_uppercase", "require_numbers", "require_symbols")
ACCOUNT = "aws_iam_account_password_policy"
KINDS_OF_ACCOUNT = (
    "require_lowercase_characters", "require_uppercase_characters", "require_numbers", "require_symbols",
)  # fmt: skip
#: Engines to which users sign in with an IAM token.
WITH_IAM = {"mysql", "mariadb", "postgres", "aurora-mysql", "aurora-postgresql", "aurora", "neptune"}


@policy(
    "PG_AUTH_1",
    criterion="user-sign-in",
    resources=POOL,
    population=0,
    remedy='Set mfa_configuration to "ON" or "OPTIONAL", with software_token_mfa_configuration { enabled = true }.',
)
def user_pools_have_a_second_factor(pool: Resource, criterion: Criterion) -> None:
    """Users of a pool can, or must, sign in with a second factor; unset means no second factor.

    A pool that lets users in without any password, such as by passkey alone, needs none.
    """
    first = {one for block in pool.blocks("sign_in_policy") for one in block.texts("allowed_first_auth_factors")}
    if first and first <= OTHER_FACTORS:
        raise criterion.not_applicable("asks for no password")
    asked = pool.text("mfa_configuration") or "OFF"
    criterion.hold(asked in ("ON", "OPTIONAL"), expected="ON or OPTIONAL", observed=asked, held=asked)


@policy(
    "PG_AUTH_2",
    criterion="user-passwords",
    resources=(*POOL, ACCOUNT),
    population=0,
    remedy="Set minimum_length and all four require_… in password_policy, or drop it: Cognito's own asks for these.",
)
def users_are_asked_for_strong_passwords(holder: Resource, criterion: Criterion) -> None:
    """Passwords of a pool or of the account's users have the agreed length, and characters of all four kinds.

    A pool without password_policy requires eight characters of all kinds. One with a policy requires only the kinds
    that it states, as does the account, which then requires six characters.
    """
    of_account = holder.type == ACCOUNT
    stated = (holder,) if of_account else holder.blocks("password_policy")
    kinds, length = (KINDS_OF_ACCOUNT, "minimum_password_length") if of_account else (KINDS, "minimum_length")
    missing = [name for one in stated for name in kinds if not one.flag(name)]
    any(one.has(missing[0]) for one in stated if missing)  # where the finding points
    criterion.hold(not missing, expected="all kinds of characters", observed=f"{', '.join(missing)} not set")
    criterion.require(Quantity.of(stated[0].number(length, 6 if of_account else 8) if stated else 8))


@policy(
    "PG_AUTH_3",
    criterion="user-sign-in-watched",
    resources=POOL,
    population=0,
    remedy='Set user_pool_add_ons { advanced_security_mode = "ENFORCED" }, with the tier PLUS.',
)
def user_pools_answer_to_stolen_passwords(pool: Resource, criterion: Criterion) -> None:
    """A pool detects passwords that leaked elsewhere and unusual sign-ins, and acts on both.

    In a pool with custom challenges, their sign-ins are watched only if that is configured.
    """
    modes = [one.text("advanced_security_mode") for one in pool.blocks("user_pool_add_ons")]
    criterion.hold(
        modes == ["ENFORCED"],
        expected="ENFORCED",
        observed=", ".join(map(str, modes)) or "off",
        held=", ".join(map(str, modes)),
    )
    flows = [
        one for each in pool.blocks("user_pool_add_ons") for one in each.blocks("advanced_security_additional_flows")
    ]
    custom = any(one.has("define_auth_challenge") for one in pool.blocks("lambda_config"))
    watched = not custom or [one.text("custom_auth_mode") for one in flows] == ["ENFORCED"]
    criterion.hold(watched, expected="custom_auth_mode = ENFORCED", observed="challenges of its own are not watched")


@policy(
    "PG_AUTH_4",
    criterion="user-sign-in",
    resources=("aws_cognito_identity_pool",),
    population=0,
    remedy="Set allow_unauthenticated_identities = false.",
)
def identity_pools_know_whom_they_let_in(pool: Resource, criterion: Criterion) -> None:
    """An identity pool hands out AWS credentials to signed-in users, and to nobody else."""
    open_to_all = pool.flag("allow_unauthenticated_identities")
    criterion.hold(not open_to_all, expected="allow_unauthenticated_identities = false", observed=True)


@policy(
    "PG_AUTH_5",
    criterion="database-sign-in",
    resources=("aws_db_instance", "aws_rds_cluster", "aws_neptune_cluster"),
    population=0,
    remedy="Set iam_database_authentication_enabled = true.",
)
def databases_know_users_by_iam(database: Resource, criterion: Criterion) -> None:
    """Users and programs can sign in to a database with an IAM token, which expires by itself; unset means not.

    Oracle, SQL Server and Db2 support no such tokens.
    """
    enabled = database.flag("iam_database_authentication_enabled")
    engine = "neptune" if database.type == "aws_neptune_cluster" or enabled else database.text("engine")
    if engine not in WITH_IAM:
        raise criterion.not_applicable("is of an engine that knows no tokens of IAM")
    database.has("iam_database_authentication_enabled")  # where the finding points
    criterion.hold(enabled, expected="iam_database_authentication_enabled = true", observed="passwords alone")

"""Roles and users, their policies, and identity providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_iam_role")
def role(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a role."""
    wanted = omit_empty(
        Path=declared["path"],
        Description=declared["description"],
        MaxSessionDuration=declared["max_session_duration"],
        PermissionsBoundary=declared["permissions_boundary"],
        Tags=tags(declared),
    )
    name, trust = declared["name"], declared["assume_role_policy"]
    made = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, **wanted)["Role"]
    return {"id": name, "arn": made["Arn"], "unique_id": made["RoleId"]}


@creates("aws_iam_role_policy")
def inline_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Write a policy into a role."""
    holder, name = declared["role"], declared["name"]
    aws("iam").put_role_policy(RoleName=holder, PolicyName=name, PolicyDocument=declared["policy"])
    return {"id": f"{holder}:{name}"}


@creates("aws_iam_role_policy_attachment")
def attachment(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Attach a managed policy to a role."""
    holder, arn = declared["role"], declared["policy_arn"]
    aws("iam").attach_role_policy(RoleName=holder, PolicyArn=arn)
    return {"id": f"{holder}/{arn}"}


@creates("aws_iam_policy")
def managed_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a managed policy of the account's own."""
    wanted = omit_empty(Path=declared["path"], Description=declared["description"], Tags=tags(declared))
    made = aws("iam").create_policy(PolicyName=declared["name"], PolicyDocument=declared["policy"], **wanted)["Policy"]
    return {"id": made["Arn"], "arn": made["Arn"], "policy_id": made["PolicyId"]}


@creates("aws_iam_instance_profile")
def instance_profile(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a profile by which instances have a role."""
    iam, name = aws("iam"), declared["name"]
    made = iam.create_instance_profile(InstanceProfileName=name, Path=declared["path"] or "/", Tags=tags(declared))
    if declared["role"]:
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=declared["role"])
    found = made["InstanceProfile"]
    return {"id": name, "arn": found["Arn"], "unique_id": found["InstanceProfileId"]}


@creates("aws_iam_user")
def user(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a user, who has no key and no password."""
    wanted = omit_empty(
        Path=declared["path"], PermissionsBoundary=declared["permissions_boundary"], Tags=tags(declared)
    )
    made = aws("iam").create_user(UserName=declared["name"], **wanted)["User"]
    return {"id": declared["name"], "arn": made["Arn"], "unique_id": made["UserId"]}


@creates("aws_iam_user_policy")
def user_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Write a policy into a user."""
    holder, name = declared["user"], declared["name"]
    aws("iam").put_user_policy(UserName=holder, PolicyName=name, PolicyDocument=declared["policy"])
    return {"id": f"{holder}:{name}"}


@creates("aws_iam_user_policy_attachment")
def user_attachment(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Attach a managed policy to a user."""
    holder, arn = declared["user"], declared["policy_arn"]
    aws("iam").attach_user_policy(UserName=holder, PolicyArn=arn)
    return {"id": f"{holder}/{arn}"}


@creates("aws_iam_service_linked_role")
def service_linked_role(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create the role that a service of AWS makes for itself."""
    made = aws("iam").create_service_linked_role(AWSServiceName=declared["aws_service_name"])["Role"]
    return {"id": made["Arn"], "arn": made["Arn"], "name": made["RoleName"], "unique_id": made["RoleId"]}


@creates("aws_iam_openid_connect_provider")
def identity_provider(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Trust an identity provider."""
    wanted = omit_empty(ThumbprintList=declared["thumbprint_list"], ClientIDList=declared["client_id_list"])
    made = aws("iam").create_open_id_connect_provider(Url=declared["url"], Tags=tags(declared), **wanted)
    arn = made["OpenIDConnectProviderArn"]
    return {"id": arn, "arn": arn}


@creates("aws_iam_account_password_policy")
def password_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Set what passwords must be like."""
    aws("iam").update_account_password_policy(
        **omit_empty(
            MinimumPasswordLength=declared["minimum_password_length"],
            PasswordReusePrevention=declared["password_reuse_prevention"],
            MaxPasswordAge=declared["max_password_age"],
            RequireLowercaseCharacters=declared["require_lowercase_characters"],
            RequireUppercaseCharacters=declared["require_uppercase_characters"],
            RequireNumbers=declared["require_numbers"],
            RequireSymbols=declared["require_symbols"],
            AllowUsersToChangePassword=declared["allow_users_to_change_password"],
        )
    )
    return {"id": "iam-account-password-policy", "expire_passwords": bool(declared["max_password_age"])}

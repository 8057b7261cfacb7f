"""Which attributes are sensitive: decided by name, since the bindings don't say."""

from collections.abc import Mapping
from typing import Any

ALWAYS = frozenset({
    "access_token", "admin_user_password", "api_key_wo", "api_secret_key", "auth_token", "authorization_api_key_value",
    "authorization_code", "authorization_token", "basic_auth_credentials", "client_id_wo", "client_secret",
    "client_secret_wo", "connection_properties", "credentials_map", "custom_authentication_credentials",
    "customer_gateway_configuration", "customer_key", "domain_signing_private_key", "host_key", "host_key_body",
    "host_key_body_wo", "key_material_base64", "key_passphrase", "oauth_token", "passwords", "passwords_wo",
    "plaintext", "plaintext_wo", "private_key", "random_password", "saml_metadata_document", "secret",
    "secret_access_key", "secret_binary", "secret_key", "secret_string", "secret_string_wo", "secret_token",
    "service_credential_secret", "service_json", "shared_secret", "source_customer_key", "token_key", "token_key_id",
    "token_url_parameters_map", "tunnel1_preshared_key", "tunnel2_preshared_key",
    "user_managed_client_application_client_secret", "value_wo", "web_identity_token",
})  # fmt: skip
NEVER = frozenset({"manage_master_user_password", "reset_password", "password_auth_enabled"})
AT = frozenset(
    {
        "resource.aws_api_gateway_api_key.value",
        "resource.aws_api_gateway_domain_name.certificate_private_key",
        "resource.aws_appsync_api_key.key",
        "resource.aws_bedrockagentcore_api_key_credential_provider.api_key",
        "resource.aws_codebuild_source_credential.token",
        "resource.aws_grafana_workspace_api_key.key",
        "resource.aws_grafana_workspace_service_account_token.key",
        "resource.aws_iam_access_key.ses_smtp_password_v4",
        "resource.aws_iam_server_certificate.private_key",
        "resource.aws_mwaa_environment.airflow_configuration_options",
        "resource.aws_pinpoint_baidu_channel.api_key",
        "resource.aws_pinpoint_gcm_channel.api_key",
        "resource.aws_sns_platform_application.platform_credential",
        "resource.aws_sns_platform_application.platform_principal",
        "resource.aws_ssm_parameter.value",
        "resource.aws_wafv2_api_key.api_key",
        "data.aws_api_gateway_api_key.value",
        "data.aws_ssm_parameter.value",
        "data.aws_ssm_parameters_by_path.values",
        "data.aws_eks_cluster_auth.token",
        "data.aws_lambda_invocation.input",
        "ephemeral.aws_eks_cluster_auth.token",
        "ephemeral.aws_ssm_parameter.value",
    }
)


def is_sensitive(path: str, attribute: Mapping[str, Any]) -> bool:
    """Whether the real provider marks the attribute at `kind.type.argument` so."""
    name = path.rpartition(".")[2]
    if name in NEVER or attribute["type"] == "bool" or attribute["type"] == "number":
        return False
    return name in ALWAYS or path in AT or name.endswith(("password", "password_wo"))

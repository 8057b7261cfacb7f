"""Rotates session keys for Secrets Manager: next becomes current, current becomes previous, next is new.

Every task holds three keys, signs with current and accepts all three. A task that started before a rotation knows the
key that newer tasks sign with as its own next key, so nobody is signed out.
"""

import json
import secrets

import boto3

KEY_BYTES = 32


def handler(event, _context):
    """Perform one of the four steps of a rotation. Each is idempotent."""
    client = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
    if "AWSCURRENT" in stages.get(token, ()):
        return
    if event["Step"] == "createSecret" and not has_pending(client, secret, token):
        keys = rotate(read_current(client, secret))
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=json.dumps(keys), VersionStages=["AWSPENDING"]
        )
    elif event["Step"] == "testSecret":
        check_keys(json.loads(read_value(client, secret, VersionId=token, VersionStage="AWSPENDING")))
    elif event["Step"] == "finishSecret":
        old = next((version for version, names in stages.items() if "AWSCURRENT" in names), None)
        leaving = {"RemoveFromVersionId": old} if old else {}
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, **leaving)


def rotate(keys):
    """Return the keys after a rotation. A secret without a value starts with three fresh ones."""
    keys = keys or {"next": make_key(), "current": make_key()}
    return {"next": make_key(), "current": keys["next"], "previous": keys["current"]}


def make_key():
    """Return a new key."""
    return secrets.token_hex(KEY_BYTES)


def check_keys(keys):
    """Raise ValueError unless there are three different keys."""
    found = {keys[name] for name in ("next", "current", "previous")}
    if len(found) != 3 or any(len(key) != 2 * KEY_BYTES for key in found):
        raise ValueError("session keys: three different ones are needed")


def read_current(client, secret):
    """Return the keys in use, or None before the first rotation."""
    try:
        return json.loads(read_value(client, secret, VersionStage="AWSCURRENT"))
    except client.exceptions.ResourceNotFoundException:
        return None


def has_pending(client, secret, token):
    """Return whether an earlier attempt has created the new keys already."""
    try:
        return bool(read_value(client, secret, VersionId=token, VersionStage="AWSPENDING"))
    except client.exceptions.ResourceNotFoundException:
        return False


def read_value(client, secret, **version):
    """Return the text of one version of the secret."""
    return client.get_secret_value(SecretId=secret, **version)["SecretString"]

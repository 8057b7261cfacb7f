"""Access points of shared file systems: each confined to a folder, as a user of its own."""

from prodgate import Criterion, Resource, policy


@policy(
    "PG_RUN_5",
    criterion="file-shares-confined",
    resources=("aws_efs_access_point",),
    population=0,
    remedy="Give it a root_directory with a path and creation_info, and a posix_user with the uid and gid to act as.",
)
def access_points_are_confined(point: Resource, criterion: Criterion) -> None:
    """An access point has a folder of its own and acts as a user of its own.

    Unset means the root of the file system, as whatever user the client says it is.
    """
    path = next((one.text("path") for one in point.blocks("root_directory")), None) or "/"
    criterion.hold(path.strip("/") != "", expected="root_directory.path of its own", observed=path, held=path)
    criterion.hold(bool(point.blocks("posix_user")), expected="posix_user", observed="any user that the client names")

"""Does Airflow run the files of the deployed commit, and is there a way back?"""

from prodgate import Criterion, check
from prodgate.facts.live import AirflowFiles


@check("dag-bucket-versioned", remedy="Enable versioning of the bucket that the environment reads.")
def test_dag_buckets_are_versioned(files: AirflowFiles, criterion: Criterion) -> None:
    """Does the bucket that Airflow reads keep every version of its files?"""
    observed = f"{files.bucket}: {files.versioning or 'never enabled'}"
    criterion.hold(files.versioning == "Enabled", expected="Enabled", observed=observed)


@check(
    "dag-artifacts-declared", remedy="Name requirements and plugins in the environment, each with its object version."
)
def test_artifacts_are_named_by_version(files: AirflowFiles, criterion: Criterion) -> None:
    """Does the environment name its DAG folder, and its other files by a version that the bucket holds?"""
    criterion.hold(
        bool(files.dag_folder), expected="a DAG folder", observed=files.dag_folder or "none", held=files.dag_folder
    )
    missing = [*files.unnamed, *files.absent]
    criterion.exclude(missing, expected="paths and versions")


@check(
    "dag-bucket-same-as-repository",
    remedy="Deploy the commit's DAGs again; bring a change that was made in the bucket into the repository first.",
)
def test_dags_are_those_of_the_repository(files: AirflowFiles, criterion: Criterion) -> None:
    """Are the DAG files in the bucket byte for byte those of the commit, and no others?"""
    observed = "; ".join(files.strange_dags) or "the same"
    criterion.hold(not files.strange_dags, expected="the same files", observed=observed, held=observed)


@check(
    "dag-bucket-same-as-repository",
    remedy="Apply the commit's Terraform again, which uploads requirements and plugins and names their versions.",
)
def test_packages_are_those_of_the_repository(files: AirflowFiles, criterion: Criterion) -> None:
    """Are requirements and plugins, in the versions that Airflow runs, byte for byte those of the commit?"""
    observed = "; ".join(files.strange_packages) or "the same"
    criterion.hold(not files.strange_packages, expected="the same files", observed=observed, held=observed)

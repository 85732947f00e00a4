"""The AWS account that is deployed to. What is wrong with it is said before anything is changed, with what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import ConfigurationError, UnavailableError

LEFT_FREE = 100  # runs at once that Lambda keeps from being reserved
WHO = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."


def client(service: str, region: str) -> Any:
    """A client of one service, asked for by its name: stubs are installed for what functions call, which is SES."""
    import boto3  # noqa: PLC0415 - 130 ms that a wrong command line need not wait for

    try:
        return boto3.session.Session().client(service, region_name=region)  # type: ignore[call-overload]
    except BotoCoreError as error:  # a profile that there is not
        raise ConfigurationError(f"{error} {WHO}") from None


def prove(region: str) -> str:
    """The number of the account that the credentials belong to.

    Raises:
        ConfigurationError: there are none, or AWS does not take them.
        UnavailableError: AWS cannot be reached.
    """
    try:
        return str(client("sts", region).get_caller_identity()["Account"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise ConfigurationError(f"AWS does not take these credentials ({code}). {WHO}") from None
    except BotoCoreError as error:
        name = type(error).__name__
        if "Credential" in name or "Token" in name or "SSO" in name:
            raise ConfigurationError(f"There are no usable AWS credentials ({name}). {WHO}") from None
        raise UnavailableError(f"AWS cannot be reached ({name}). Try again.") from None


@contextmanager
def answers(what: str) -> Iterator[None]:
    """A call of AWS's whose refusal is told with its code.

    Raises:
        ConfigurationError: AWS refuses it.
        UnavailableError: AWS cannot be reached.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise ConfigurationError(f"{what} ({code}). infra/aws/deployer.json says what a deployer may do.") from None
    except BotoCoreError as error:
        raise UnavailableError(f"{what} ({type(error).__name__}). Try again.") from None


def need_room(region: str, reserved: int) -> None:
    """Whether Lambda may set so many runs apart. Where we may not ask, the deployment itself finds out.

    Raises:
        ConfigurationError: the account's limit is too low, as a new account's is.
    """
    try:
        limit = int(client("lambda", region).get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    except (ClientError, BotoCoreError):
        return
    if limit - LEFT_FREE < reserved:
        raise ConfigurationError(
            f"This account may run {limit} functions at once in {region}. serverless.yml reserves {reserved}, Lambda "
            f"keeps {LEFT_FREE} from being reserved. Ask for 1,000 concurrent executions: Service Quotas, AWS Lambda."
        )


def outputs(region: str, stack: str) -> Mapping[str, str]:
    """What a stack tells about itself."""
    with answers(f"The stack {stack} cannot be looked at"):
        found = client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}

"""List prices in US dollars, as the providers' pages said them when they were last looked up (November 2026).

They were read in stored copies of the pages, not on the live ones. What a copy did not show says so.
"""

MILLION = 1e6

# aws.amazon.com/lambda/pricing: ARM, first tier (7.5 billion GB-s a month). Ireland has the price of Northern Virginia.
LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_STEP = 0.001  # seconds that a duration is rounded up to
LAMBDA_VCPU = (
    1769  # MB at which a function has one vCPU (docs.aws.amazon.com/lambda, "Configure Lambda function memory")
)

# aws.amazon.com/api-gateway/pricing: HTTP API, first 300 million a month, Northern Virginia; Ireland's was not seen.
HTTP_API_REQUEST = 1.00 / MILLION

# aws.amazon.com/eventbridge/pricing, Scheduler: the copy had no figure; others quote this one, past 14 million a month.
SCHEDULE = 1.00 / MILLION
SHORTEST_SCHEDULE = 60.0  # seconds: no schedule of EventBridge or Cloud Scheduler fires more often

# cloud.google.com/run/pricing, which Cloud Run functions go by: tier 1, billed by request.
RUN_VCPU_SECOND = 0.000024
RUN_GIB_SECOND = 0.0000025
RUN_REQUEST = 0.40 / MILLION
RUN_STEP = 0.1  # seconds that a duration is rounded up to
RUN_VCPU = 0.333  # vCPU that a function of 512 MiB has (cloud.google.com/functions/docs/configuring/memory)

# cloud.google.com/scheduler/pricing: a job, whatever it fires, past the first three of an account.
JOB = 0.10  # a month

FREE = (
    "The figures are list prices. Free every month, to be subtracted: on AWS 400,000 GB-s and a million requests of "
    "Lambda and 14 million scheduled invocations; on Google 180,000 vCPU-s, 360,000 GiB-s, two million requests and "
    "three jobs. Traffic out of the cloud, logs and the database are not in the bill."
)
DOUBT = (
    "Prices were looked up in stored copies of the providers' pages in November 2026. Not seen in them: Ireland's "
    "price of an HTTP API request (Northern Virginia's is used) and EventBridge Scheduler's price on Amazon's own page "
    "(others quote $1.00 a million, which is cents of any figure here)."
)

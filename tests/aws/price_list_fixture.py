# SPDX-License-Identifier: GPL-3.0-or-later
"""A bulk price list of Lambda as AWS publishes it: its structure, SKUs and rate codes are documented, its numbers
are the list prices of us-east-1 (2026-09-19). What a reader must pass over is in it, too: the free tier, Lambda@Edge,
products it does not know, an offer that an other one replaced, another Region.

    python3 tests/aws/price_list_fixture.py > tests/data/aws/price-list-us-east-1.json
"""
import json
import sys

FLAT = "6YS6EN2CT7"
TERM = "JRTCKXETXF"
FREE_TERM = "A429C66SYZ"

# SKU, group, usage type, unit, [(from, to, USD, rate code)]
US_EAST_1 = [
    ("GU2ZS9HVP6QTQ7KE", "AWS-Lambda-Requests", "Request", "Requests", [("0", "Inf", "0.0000002000", FLAT)]),
    ("K7BX6567RJ67A2KE", "AWS-Lambda-Requests-ARM", "Request-ARM", "Requests", [("0", "Inf", "0.0000002000", FLAT)]),
    ("TG3M4CAGBA3NYQBH", "AWS-Lambda-Duration", "Lambda-GB-Second", "Lambda-GB-Second", [
        ("15000000000", "Inf", "0.0000133334", "QQZ7G3P5XN"), ("0", "6000000000", "0.0000166667", "CUKFZ388N3"),
        ("6000000000", "15000000000", "0.0000150000", "W2MUZXR9KD")]),
    ("72SBSFWPMDTH8S3J", "AWS-Lambda-Duration-ARM", "Lambda-GB-Second-ARM", "Lambda-GB-Second", [
        ("0", "7500000000", "0.0000133334", "6NBUNBXSC3"), ("7500000000", "18750000000", "0.0000120001", "T8JVK4QY2B"),
        ("18750000000", "Inf", "0.0000106667", "9BX3MWHC5F")]),
    ("BMKCD2ZCEYKTYYCB", "AWS-Lambda-Provisioned-Concurrency", "Lambda-Provisioned-Concurrency", "Lambda-GB-Second",
     [("0", "Inf", "0.0000041667", FLAT)]),
    ("MV7PTBS82AVCMXJJ", "AWS-Lambda-Provisioned-Concurrency-ARM", "Lambda-Provisioned-Concurrency-ARM",
     "Lambda-GB-Second", [("0", "Inf", "0.0000033334", FLAT)]),
    ("ZZF88MXYPS4DGSEZ", "AWS-Lambda-Duration-Provisioned", "Lambda-Provisioned-GB-Second", "Lambda-GB-Second",
     [("0", "Inf", "0.0000097222", FLAT)]),
    ("3Z4YRQ6XJRDK27UP", "AWS-Lambda-Duration-Provisioned-ARM", "Lambda-Provisioned-GB-Second-ARM",
     "Lambda-GB-Second", [("0", "Inf", "0.0000077778", FLAT)]),
    ("CVY5JH8RFRXMP92N", "AWS-Lambda-Storage-Duration", "Lambda-Storage-GB-Second", "GB-Seconds",
     [("0", "Inf", "0.0000000309", FLAT)]),
    ("CH6HMM86MH4K8KCS", "AWS-Lambda-Storage-Duration-ARM", "Lambda-Storage-GB-Second-ARM", "GB-Seconds",
     [("0", "Inf", "0.0000000309", FLAT)]),
    ("RJKWHBCSDT32Z53D", "AWS-Lambda-Processed-Bytes", "Lambda-Streaming-Response-Processed-Bytes",
     "Processed-Gigabytes", [("0", "Inf", "0.0080000000", FLAT)]),
    ("NCWFKF9SX4W4MNY5", "AWS-Lambda-Processed-Bytes-ARM", "Lambda-Streaming-Response-Processed-Bytes-ARM",
     "Processed-Gigabytes", [("0", "Inf", "0.0080000000", FLAT)]),
    ("WRKYMVM4XSRFFQ7B", "AWS-Lambda-SnapStart-Cache", "Lambda-SnapStart-Cached-GB-S", "GB-Seconds",
     [("0", "Inf", "0.0000015046", FLAT)]),
    ("W3GTWG4PTZMXZ4F2", "AWS-Lambda-SnapStart-Restore", "Lambda-SnapStart-Restored-GB", "GB",
     [("0", "Inf", "0.0001397998", FLAT)]),
    # not ours
    ("NQA9ZMGJKNJQT78E", "AWS-Lambda-Edge-Requests", "Lambda-Edge-Request", "Requests",
     [("0", "Inf", "0.0000006000", FLAT)]),
    ("UMUS4AT5S27NHYZQ", "AWS-Lambda-Edge-Duration", "Lambda-Edge-GB-Second", "Lambda-GB-Second",
     [("0", "Inf", "0.0000500100", FLAT)]),
    ("E9QEPQBP6HKCU5DW", "AWS-Lambda-Event-Poller", "Lambda-EventPollerUnit-Hours", "Hours",
     [("0", "Inf", "0.1850000000", FLAT)]),
]


def product(sku, group, usage, region, location):
    attributes = {
        "servicecode": "AWSLambda", "location": location, "locationType": "AWS Region", "group": group,
        "groupDescription": f"Invocation of {group}", "usagetype": usage, "operation": "", "regionCode": region,
        "servicename": "AWS Lambda",
    }
    return {"sku": sku, "productFamily": "Serverless", "attributes": attributes}


def offer(sku, unit, tiers, term=TERM, date="2026-09-01T00:00:00Z", currency="USD"):
    dimensions = {
        f"{sku}.{term}.{code}": {
            "rateCode": f"{sku}.{term}.{code}", "description": f"AWS Lambda - {unit}", "beginRange": begin,
            "endRange": end, "unit": unit, "pricePerUnit": {currency: usd}, "appliesTo": [],
        } for begin, end, usd, code in tiers}
    return {"offerTermCode": term, "sku": sku, "effectiveDate": date, "priceDimensions": dimensions, "termAttributes": {}}


def make(region="us-east-1", prefix="", published="2026-09-19T18:04:11Z", currency="USD"):
    products, terms = {}, {}
    for sku, group, usage, unit, tiers in US_EAST_1:
        products[sku] = product(sku, group, prefix + usage, region, "US East (N. Virginia)")
        terms[sku] = {f"{sku}.{TERM}": offer(sku, unit, tiers, currency=currency)}
    # The free tier: everywhere, for nothing.
    for sku, usage, unit, most in (("ZQVCC2M69R4S79XS", "Global-Request", "Requests", "1000000"),
                                   ("4VCGJ7EG8PJVZG7S", "Global-Lambda-GB-Second", "seconds", "400000")):
        group = "AWS-Lambda-Requests" if "Request" in usage else "AWS-Lambda-Duration"
        products[sku] = product(sku, group, usage, region, "Any")
        terms[sku] = {f"{sku}.{FREE_TERM}": offer(sku, unit, [("0", most, "0.0000000000", "PTSHGZPMUT")], FREE_TERM)}
    # One that an other one replaced, and one of another Region.
    old = "AAAAOLDREQUEST77"
    products[old] = product(old, "AWS-Lambda-Requests", prefix + "Request", region, "US East (N. Virginia)")
    terms[old] = {f"{old}.{TERM}": offer(old, "Requests", [("0", "Inf", "0.0000009000", FLAT)], date="2019-12-01T00:00:00Z")}
    other = "ZZZZOTHERREGION7"
    products[other] = product(other, "AWS-Lambda-Requests", "MARS-Request", "mars-north-1", "Mars (North)")
    terms[other] = {f"{other}.{TERM}": offer(other, "Requests", [("0", "Inf", "0.0000700000", FLAT)])}
    # A product without group or price.
    products["AAAANOGROUP12345"] = {"sku": "AAAANOGROUP12345", "attributes": {"regionCode": region}}
    return {
        "formatVersion": "v1.0", "disclaimer": "This pricing list is for informational purposes only.",
        "offerCode": "AWSLambda", "version": "20260919180411", "publicationDate": published, "products": products,
        "terms": {"OnDemand": terms}, "attributesList": {},
    }


def text(**options):
    return json.dumps(make(**options), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())

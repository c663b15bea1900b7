-- How many requests a key may make in a minute; null is without a bound.
ALTER TABLE "ApiKey" ADD COLUMN "ratePerMinute" INTEGER;

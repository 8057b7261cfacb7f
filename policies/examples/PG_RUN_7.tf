resource "aws_lambda_function" "supported" {
  function_name = "supported"
  role          = "arn:aws:iam::123456789012:role/function"
  handler       = "main.handler"
  runtime       = "python3.13"
  s3_bucket     = "code"
  s3_key        = "function.zip"
}

resource "aws_lambda_function" "of_an_image" { # not-applicable PG_RUN_7
  function_name = "image"
  role          = "arn:aws:iam::123456789012:role/function"
  package_type  = "Image"
  image_uri     = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/function:1"
}

resource "aws_lambda_function" "long_without_support" { # violates PG_RUN_7
  function_name = "old"
  role          = "arn:aws:iam::123456789012:role/function"
  handler       = "index.handler"
  runtime       = "nodejs12.x"
  s3_bucket     = "code"
  s3_key        = "function.zip"
}

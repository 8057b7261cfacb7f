locals {
  alarms = {
    p95 = {
      metric    = "TargetResponseTime"
      threshold = 0.2
    }
    errors = {
      metric    = "HTTPCode_Target_5XX_Count"
      threshold = 5
      periods   = 3
    }
  }
}

module sansock.example/go

go 1.19
